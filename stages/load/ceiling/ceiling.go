// Package ceiling finds out what this machine's client keeps up with, by loads on a server that does no work. Its invariant: a point is measured by the
// load stage itself, journals and all, and judged by the server's own stamps, never by the client's word alone.
package ceiling

import (
	"context"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/stages/client/nullserver"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// Config says how to look for the ceiling.
type Config struct {
	Server []string // command that runs nullserver.Main
	Dir    string   // an empty folder for what the loads leave
	Now    func() time.Time
	Budget time.Duration // no point is begun that would end after it
	// Report is told of each point as soon as it is measured; nil: nobody is.
	Report func(Point)

	Machine measured.Machine
	Version string // of this program
}

const (
	pointTakes = 4 * time.Second // one takes about so long
	ttft       = 100 * time.Millisecond
	answer     = time.Second // from the first token to the last
	fewest     = 256         // streams to begin with, at gaps of 20 ms
	most       = 16384       // a connection needs a descriptor here and one there
)

// gaps are those between tokens under which streams are counted: what a large model does, and what a small one does. The first sets the ceiling
// of streams.
func gaps() []time.Duration { return []time.Duration{20 * time.Millisecond, 5 * time.Millisecond} }

// Find doubles the streams until the client does not keep up, halves the step once, and does the same with faster ones. It returns the ceiling and
// every point. A machine that keeps up with nothing, and a server that does not start, are errors.
func Find(ctx context.Context, cfg Config) (measured.Ceiling, []Point, error) {
	server, err := nullserver.Start(ctx, cfg.Server...)
	if err != nil {
		return measured.Ceiling{}, nil, err
	}
	defer func() { _ = server.Close() }()
	return find(ctx, cfg, measurement{url: server.URL, dir: cfg.Dir, now: cfg.Now}.point)
}

func find(ctx context.Context, cfg Config, measure measure) (measured.Ceiling, []Point, error) {
	s := &search{cfg: cfg, measure: measure, deadline: cfg.Now().Add(cfg.Budget)}
	for i, gap := range gaps() {
		if err := s.climb(ctx, gap, fewest>>i); err != nil {
			return measured.Ceiling{}, s.points, fmt.Errorf("find the ceiling: %w", err)
		}
		if s.ceiling().Streams == 0 {
			break
		}
	}
	found := s.ceiling()
	if found.Streams == 0 {
		return found, s.points, fmt.Errorf("the client did not keep up with %d streams of %v a token (%s): end what else runs here, and try again",
			fewest, gaps()[0], s.points[0].Verdict)
	}
	found.MeasuredAt, found.Machine, found.Version = cfg.Now().UTC().Truncate(time.Second), cfg.Machine, cfg.Version
	return found, s.points, nil
}

// measure measures one point. An error is about the load, not about this machine's speed.
type measure func(ctx context.Context, streams int, gap time.Duration) (Point, error)

// search is a search under way.
type search struct {
	cfg      Config
	measure  measure
	deadline time.Time
	points   []Point
}

// climb doubles the streams of one gap until the client does not keep up, and tries once between.
func (s *search) climb(ctx context.Context, gap time.Duration, streams int) error {
	best := 0
	for n := streams; n <= most; n *= 2 {
		ok, err := s.try(ctx, n, gap)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		best = n
	}
	if best == 0 || best == most {
		return nil
	}
	_, err := s.try(ctx, best*3/2, gap)
	return err
}

// try measures a point, if there is time, and reports whether the client kept up. What else goes on here for a moment is not the ceiling, so it may fail once.
func (s *search) try(ctx context.Context, streams int, gap time.Duration) (bool, error) {
	for range 2 {
		if s.cfg.Now().Add(pointTakes).After(s.deadline) && len(s.points) > 0 {
			return false, nil
		}
		p, err := s.measure(ctx, streams, gap)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil { // that requests fail is an answer, too
			p.Verdict = err.Error()
		}
		s.points = append(s.points, p)
		if s.cfg.Report != nil {
			s.cfg.Report(p)
		}
		if p.OK() {
			return true, nil
		}
	}
	return false, nil
}

// ceiling returns what the points come to.
func (s *search) ceiling() measured.Ceiling {
	c := measured.Ceiling{AtLeast: true}
	for _, p := range s.points {
		if !p.OK() {
			c.AtLeast = c.AtLeast && p.Gap != gaps()[0]
			continue
		}
		if p.Gap == gaps()[0] {
			c.Streams = max(c.Streams, p.Streams)
		}
		c.ChunksPerSecond = max(c.ChunksPerSecond, p.ChunksPerSecond)
	}
	return c
}
