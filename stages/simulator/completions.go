package simulator

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/openai"
)

// maxBodyBytes is well above the longest prompt of any model's context.
const maxBodyBytes = 32 << 20

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *openai.Error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		return nil, openai.NewError(http.StatusBadRequest, "", fmt.Sprintf("Failed to read the request body: %v", err))
	}
	return data, nil
}

// decode reads a request's body and decodes it. Where either fails it answers what is wrong, and returns false.
func decode[T any](w http.ResponseWriter, r *http.Request, by func([]byte) (T, *openai.Error)) (decoded T, ok bool) {
	data, apiErr := readBody(w, r)
	if apiErr == nil {
		decoded, apiErr = by(data)
	}
	if apiErr != nil {
		apiErr.WriteTo(w)
	}
	return decoded, apiErr == nil
}

// complete serves /v1/chat/completions and /v1/completions.
func (s *Server) complete(chat bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		arrival := s.driver.clock.elapsed()
		sent := r.Header.Get("X-Request-Id")
		if sent != "" {
			w.Header().Set("X-Request-Id", sent)
		}
		fault, struck := s.arrive()
		w, slow := s.slow(fault, w, r)
		var received time.Duration
		req, ok := decode(w, r, func(data []byte) (openai.Request, *openai.Error) {
			received = s.driver.clock.elapsed() // reading it takes this machine's time, not the simulated one's
			return openai.DecodeRequest(data, chat, s.cfg.Served, s.modelLen)
		})
		if !ok {
			return
		}
		g := s.generation(w, req, sent)
		g.record.ArrivalNS = int64(arrival)
		switch {
		case fault.Kind == FaultHTTP429, fault.Kind == FaultHTTP500:
			g.refuse(fault)
			return
		case slow:
			g.stalled = true
		case struck:
			g.fault = &fault
		}
		if apiErr := g.start(received); apiErr != nil {
			apiErr.WriteTo(w)
			return
		}
		defer g.end()
		if req.Stream {
			g.stream(r.Context())
		} else {
			g.whole(r.Context())
		}
	}
}
