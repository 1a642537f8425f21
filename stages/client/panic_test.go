package client

import (
	"context"
	"strings"
	"syscall"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/crew/crewtest"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// The loop reads the clock after each read of a socket: a panic there fails the request, and the client
// tells it.
func TestAPanicOfTheLoopIsTold(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	clock := crewtest.In("h1.(*loop).serve")
	c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL}, Clock: stage.NewClock(clock.Now, stage.ServerClock{})})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Err(); err != nil {
		t.Fatalf("Err = %v before anything went wrong", err)
	}
	for range 2 {
		if row := c.Complete(context.Background(), hello); row.Status != "http_error" || !strings.Contains(row.Error, crewtest.Boom) {
			t.Errorf("status %q, error %q: want the panic", row.Status, row.Error)
		}
	}
	if p := crew.PanicIn(c.Err()); p == nil || p.Value != crewtest.Boom {
		t.Errorf("Err = %v, want the panic", c.Err())
	}
}

// net/http dials in goroutines of its own.
func TestAPanicOfADialIsTold(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	c := newClient(t, server.URL)
	c.carrier.close()
	p := newPool(strings.TrimPrefix(server.URL, "http://"), nil)
	p.dialer.Control = func(string, string, syscall.RawConn) error { panic("boom") }
	c.carrier = newNetHTTP(c, p)
	if row := c.Complete(context.Background(), hello); row.Status != "http_error" || !strings.Contains(row.Error, "panic: boom") {
		t.Errorf("status %q, error %q: want the panic", row.Status, row.Error)
	}
	if p := crew.PanicIn(c.Err()); p == nil || p.Value != "boom" {
		t.Errorf("Err = %v, want the panic", c.Err())
	}
	if err := c.Warm(context.Background(), 3); crew.PanicIn(err) == nil {
		t.Errorf("Warm = %v, want the panic", err)
	}
}
