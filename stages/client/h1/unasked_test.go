//go:build linux

package h1

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// blocker is a sink that holds the loop up until it is released.
type blocker struct {
	taker
	held, release chan struct{}
}

func (s *blocker) Head(int64, Head) {
	close(s.held)
	<-s.release
}

// While the loop has read nothing of it, what has come on a kept connection is found before a request is
// written: bytes that nobody asked for, which are counted, or the end.
func TestWhatCameBeforeARequest(t *testing.T) {
	for name, test := range map[string]struct {
		sent    string
		counted int64
	}{
		"an answer":          {abc, 1},
		"a byte":             {"x", 1},
		"no request in time": {"HTTP/1.1 408 Request Timeout\r\n\r\n", 0},
		"the end":            {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var conns atomic.Int64
			idle, sent := make(chan struct{}), make(chan struct{})
			transport := newTransport(t, serve(t, func(conn net.Conn) {
				if conns.Add(1) != 1 {
					each(abc)(conn)
					return
				}
				readRequest(conn)
				_, _ = io.WriteString(conn, abc)
				<-idle
				_, _ = io.WriteString(conn, test.sent)
				conn.Close()
				sent <- struct{}{}
			}))
			ask := func(sink Sink) Ending {
				return get(t, transport).RoundTrip(context.Background(), []byte(request), sink)
			}
			if end := ask(&taker{}); end.Err != nil {
				t.Fatal(end.Err)
			}
			kept := get(t, transport)
			busy := &blocker{held: make(chan struct{}), release: make(chan struct{})}
			other := make(chan Ending)
			go func() { other <- ask(busy) }()
			<-busy.held
			close(idle)
			<-sent
			var sink taker
			for n := 0; n == 0; n, _ = peek(kept.fd, make([]byte, 1)) { // it is on its way through the kernel
				if _, closed := peek(kept.fd, make([]byte, 1)); closed {
					break
				}
			}
			end := kept.RoundTrip(context.Background(), []byte(request), &sink)
			if !errors.Is(end.Err, ErrUnsent) || end.Heard || sink.body.Len() > 0 {
				t.Errorf("%+v, %q", end, sink.body.String())
			}
			close(busy.release)
			if end := <-other; end.Err != nil {
				t.Error(end.Err)
			}
			for kept.alive() {
				runtime.Gosched()
			}
			if n := transport.Unasked(); n != test.counted {
				t.Errorf("%d counted, want %d", n, test.counted)
			}
		})
	}
}

// A server that speaks before it is asked has answered nothing, on whatever connection.
func TestServerThatSpeaksFirst(t *testing.T) {
	transport := newTransport(t, serve(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, abc)
		_, _ = io.Copy(io.Discard, conn)
	}))
	conn := get(t, transport)
	for conn.alive() {
		runtime.Gosched()
	}
	if end := conn.RoundTrip(context.Background(), []byte(request), &taker{}); !errors.Is(end.Err, ErrEarly) {
		t.Errorf("%+v", end)
	}
	if n := transport.Unasked(); n != 1 {
		t.Errorf("%d counted", n)
	}
}

// What still comes of an answer after its request was given up was asked for.
func TestTheRestOfAnAnswerThatWasGivenUp(t *testing.T) {
	var conns atomic.Int64
	read, asked, sent := make(chan struct{}), make(chan struct{}), make(chan struct{})
	transport := newTransport(t, serve(t, func(conn net.Conn) {
		if conns.Add(1) != 1 {
			each(abc)(conn)
			return
		}
		readRequest(conn)
		close(read)
		<-asked
		_, _ = io.WriteString(conn, abc)
		sent <- struct{}{}
		_, _ = io.Copy(io.Discard, conn)
	}))
	ctx, cancel := context.WithCancel(context.Background())
	conn := get(t, transport)
	ended, other := make(chan Ending), make(chan Ending)
	go func() { ended <- conn.RoundTrip(ctx, []byte(request), &taker{}) }()
	<-read // so that the server has taken this connection first
	busy := &blocker{held: make(chan struct{}), release: make(chan struct{})}
	go func() { other <- get(t, transport).RoundTrip(context.Background(), []byte(request), busy) }()
	<-busy.held
	close(asked)
	<-sent
	cancel()
	if end := <-ended; !errors.Is(end.Err, context.Canceled) {
		t.Errorf("%+v", end)
	}
	close(busy.release)
	if end := <-other; end.Err != nil {
		t.Error(end.Err)
	}
	for conn.alive() {
		runtime.Gosched()
	}
	if n := transport.Unasked(); n != 0 {
		t.Errorf("%d counted", n)
	}
}

// Settle ends when the server has closed what waits. An answer that it still owes is the answer to nothing.
func TestSettle(t *testing.T) {
	for name, test := range map[string]struct {
		owes    string
		counted int64
	}{
		"owes nothing":   {"", 0},
		"owes an answer": {abc, 1},
	} {
		t.Run(name, func(t *testing.T) {
			transport := newTransport(t, serve(t, func(conn net.Conn) {
				each(abc)(conn)
				_, _ = io.WriteString(conn, test.owes)
			}))
			if err := transport.Fill(context.Background(), 3); err != nil {
				t.Fatal(err)
			}
			conn := get(t, transport)
			if end := conn.RoundTrip(context.Background(), []byte(request), &taker{}); end.Err != nil {
				t.Fatal(end.Err)
			}
			transport.Settle(context.Background(), time.Hour)
			if n := transport.Unasked(); n != 3*test.counted || conn.alive() {
				t.Errorf("%d counted of 3; open: %v", n, conn.alive())
			}
		})
	}
}

// A server that does nothing is not waited for: not beyond the limit, nor beyond the end of the context.
func TestSettleGivesUp(t *testing.T) {
	ended, end := context.WithCancel(context.Background())
	end()
	for name, settle := range map[string]func(*Transport){
		"limit":   func(t *Transport) { t.Settle(context.Background(), time.Millisecond) },
		"context": func(t *Transport) { t.Settle(ended, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			transport := newTransport(t, serve(t, func(net.Conn) { <-over }))
			defer close(over)
			if err := transport.Fill(context.Background(), 1); err != nil {
				t.Fatal(err)
			}
			settle(transport)
			if n := transport.Unasked(); n != 0 {
				t.Errorf("%d counted", n)
			}
		})
	}
}
