//go:build linux

package h1

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// bomb is a sink with a bug.
type bomb struct{ taker }

func (*bomb) Body(int64, []byte) bool { panic("boom") }

// unanswered asks for what the server of this test leaves without an answer.
var unanswered = strings.Replace(request, "POST /", "POST /unanswered", 1)

// A panic of one sink, or of the clock, ends every request of the transport with it, and each one after
// that. Nothing is left open.
func TestAPanicOfTheLoopFailsEveryRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		sink  Sink
		clock bool
	}{
		"of a sink":    {sink: &bomb{}},
		"of the clock": {sink: &taker{}, clock: true},
	} {
		t.Run(name, func(t *testing.T) {
			const waiting = 3
			asked := make(chan struct{}, waiting)
			var noClock atomic.Bool
			transport, err := New(Config{
				Address: serve(t, func(conn net.Conn) {
					in := bufio.NewReader(conn)
					req, err := http.ReadRequest(in)
					if err == nil && req.URL.Path == "/unanswered" {
						asked <- struct{}{}
						_, _ = in.Peek(1)
						return
					}
					noClock.Store(tc.clock)
					_, _ = io.WriteString(conn, abc)
				}),
				Now: func() int64 {
					if noClock.Load() {
						panic("boom")
					}
					return 7
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			endings := make(chan Ending, waiting+1)
			var requests crew.Crew
			ask := func(text string, sink Sink) {
				conn := get(t, transport)
				requests.Go(func() error {
					endings <- conn.RoundTrip(context.Background(), []byte(text), sink)
					return nil
				})
			}
			for range waiting {
				ask(unanswered, &taker{})
				<-asked
			}
			if err := transport.Err(); err != nil {
				t.Fatalf("Err = %v before anything went wrong", err)
			}
			ask(request, tc.sink)
			if err := requests.Wait(); err != nil {
				t.Fatal(err)
			}
			for range waiting + 1 {
				if end := <-endings; crew.PanicIn(end.Err) == nil || end.T != 7 && !tc.clock {
					t.Errorf("a request ended with %+v, want the panic", end)
				}
			}
			p := crew.PanicIn(transport.Err())
			if p == nil || p.Value != "boom" || !strings.Contains(string(p.Stack), "h1.(*loop).serve") {
				t.Errorf("Err = %v, want the panic with the loop's stack", transport.Err())
			}
			if _, err := transport.Get(context.Background()); crew.PanicIn(err) == nil {
				t.Errorf("Get = %v behind the panic", err)
			}
			loop := transport.loop
			transport.Close()
			if n := len(loop.conns); n != 0 {
				t.Errorf("%d connections are open", n)
			}
			if crew.PanicIn(transport.Err()) == nil {
				t.Error("Close has lost the panic")
			}
		})
	}
}
