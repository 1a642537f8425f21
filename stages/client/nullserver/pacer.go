package nullserver

import (
	"container/heap"
	"context"
	"net"
	"runtime"
	"time"
)

// stream is a paced answer.
type stream struct {
	conn    net.Conn
	script  script
	stamped bool
	record  *Record
	due     time.Time // of the next token
	gap     time.Duration

	written int
	ended   chan error
}

// patience is how long a client may leave a paced stream unread before it is given up: all streams wait for its writes.
const patience = 5 * time.Second

const yieldEvery = 64 // writes

// pacer writes every token of every stream when it is due, by a schedule that a late token does not shift.
type pacer struct {
	add     chan *stream
	streams byDue
}

func newPacer() *pacer { return &pacer{add: make(chan *stream, 1024)} }

// play hands a stream over and waits until it has ended.
func (p *pacer) play(ctx context.Context, s *stream) error {
	s.ended = make(chan error, 1)
	last := s.due.Add(time.Duration(s.script.tokens) * s.gap)
	if err := s.conn.SetWriteDeadline(last.Add(patience)); err != nil {
		return err
	}
	select {
	case p.add <- s:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-s.ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes until ctx ends.
func (p *pacer) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		for n := 1; len(p.streams) > 0; n++ {
			next := p.streams[0]
			if wait = time.Until(next.due); wait > 0 {
				break
			}
			p.step(next)
			if n%yieldEvery == 0 {
				runtime.Gosched() // on one processor, requests are to be heard between the writes
			}
		}
		timer.Reset(wait)
		select {
		case s := <-p.add:
			heap.Push(&p.streams, s)
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		for range len(p.add) {
			heap.Push(&p.streams, <-p.add)
		}
	}
}

// step writes the next token of the first stream.
func (p *pacer) step(s *stream) {
	b, last := s.script.write(s.written)
	if s.stamped && s.script.tokens > 0 {
		now := time.Now()
		s.record.Writes = append(s.record.Writes, now.UnixNano())
		s.record.Late += int64(now.Sub(s.due))
	}
	if _, err := s.conn.Write(b); err != nil || last {
		heap.Pop(&p.streams)
		s.ended <- err
		return
	}
	s.written++
	s.due = s.due.Add(s.gap)
	heap.Fix(&p.streams, 0)
}

// byDue is a heap of streams, the one whose token is due first in front.
type byDue []*stream

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byDue) Push(x any)        { *h = append(*h, x.(*stream)) }

// Pop takes the last one off.
func (h *byDue) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
