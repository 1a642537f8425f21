package simulator

import (
	"context"
	"io"
	"net/http"
	"time"
)

// pace lets bytes through at a rate.
type pace struct {
	ctx   context.Context
	piece int           // bytes at once
	every time.Duration // wall time for each piece
}

// piecesPerSecond is how often, in wall time, a slow transfer moves on: often enough to be a trickle, seldom enough for timers.
const piecesPerSecond = 50

// newPace returns the pace of so many bytes in a simulated second.
func newPace(ctx context.Context, bytesPerSecond, speed float64) pace {
	if bytesPerSecond == 0 {
		bytesPerSecond = defaultBytesPerSecond
	}
	wall := bytesPerSecond * speed
	piece := max(1, int(wall/piecesPerSecond))
	return pace{ctx, piece, time.Duration(float64(piece) / wall * float64(time.Second))}
}

// wait lets the time of n bytes pass, or returns the context's error.
func (p pace) wait(n int) error {
	timer := time.NewTimer(p.every * time.Duration(n) / time.Duration(p.piece))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// slowBody is a request's body that is taken in slowly.
type slowBody struct {
	io.ReadCloser
	pace pace
}

func (b slowBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.pace.piece)])
	if n == 0 {
		return n, err
	}
	if waited := b.pace.wait(n); waited != nil {
		return n, waited
	}
	return n, err
}

// slowWriter is an answer that trickles out, torn wherever a piece ends.
type slowWriter struct {
	http.ResponseWriter
	pace pace
}

// Unwrap is for http.ResponseController.
func (w slowWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w slowWriter) Write(p []byte) (int, error) {
	flush := http.NewResponseController(w.ResponseWriter).Flush
	written := 0
	for len(p) > 0 {
		piece := p[:min(len(p), w.pace.piece)]
		if err := w.pace.wait(len(piece)); err != nil {
			return written, err
		}
		n, err := w.ResponseWriter.Write(piece)
		written += n
		if err != nil {
			return written, err
		}
		if err := flush(); err != nil {
			return written, err
		}
		p = p[n:]
	}
	return written, nil
}

// slow makes an exchange as slow as a fault wants it. It reports whether the fault has no more to do than that.
func (s *Server) slow(f Fault, w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
	switch f.Kind {
	case FaultSlowRead:
		r.Body = slowBody{r.Body, newPace(r.Context(), f.BytesPerSecond, s.cfg.Speed)}
		return w, true
	case FaultSlowWrite:
		return slowWriter{w, newPace(r.Context(), f.BytesPerSecond, s.cfg.Speed)}, true
	default:
		return w, false
	}
}
