package client

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

func TestConnections(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	c := newClient(t, newReplay(t, [][][]byte{answer, answer, answer}).URL)
	if err := c.Warm(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		row := c.Complete(context.Background(), hello)
		if row.Status != "ok" || row.NewConnection != (i == 0) || row.StaleRetries != 0 || row.Protocol != "HTTP/1.1" {
			t.Errorf("request %d: %+v", i, row)
		}
	}
	if live := c.Live(); live != (Live{InFlight: 0, Deltas: 3, Connections: 1}) {
		t.Errorf("live: %+v", live)
	}
}

// A kept connection that was closed under the request is no answer: the request goes out again and its clock starts again.
func TestStaleConnection(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	server := newReplay(t, [][][]byte{answer, {}}, [][][]byte{answer})
	var readings atomic.Int64
	ticks := func() time.Time { // each look at the clock finds it 10 ms on
		return time.UnixMilli(10 * readings.Add(1))
	}
	c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL}, Clock: stage.NewClock(ticks, stage.ServerClock{})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if row := c.Complete(context.Background(), hello); row.Status != "ok" || row.StaleRetries != 0 {
		t.Fatalf("first request: %+v", row)
	}
	row := c.Complete(context.Background(), hello)
	if row.Status != "ok" || row.StaleRetries != 1 || !row.NewConnection {
		t.Errorf("second request: %+v", row)
	}
	if waited := time.Duration(row.TSend - row.TSched); waited != 50*time.Millisecond {
		t.Errorf("t_send is %v behind t_sched: want the reading of the second try's connection, the fifth since", waited)
	}
}

// A server that has a request for a while and then closes has failed it, on a kept connection as on a fresh one.
func TestServerThatDiesOverARequest(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	for name, test := range map[string]struct {
		script [][][]byte // of the first connection
		before func(*Client)
	}{
		"used before": {[][][]byte{answer, {work}}, func(c *Client) { c.Complete(context.Background(), hello) }},
		"warm":        {[][][]byte{{work}}, func(c *Client) { _ = c.Warm(context.Background(), 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, newReplay(t, test.script, [][][]byte{answer}).URL)
			test.before(c)
			row := c.Complete(context.Background(), hello)
			if row.Status != "http_error" || row.HTTPStatus != 0 || row.StaleRetries != 0 || row.NewConnection != (name == "warm") ||
				!strings.HasPrefix(row.Error, "closed without an answer after ") || !strings.HasSuffix(row.Error, " s: EOF") {
				t.Errorf("row: %+v", row)
			}
			if took := time.Duration(row.TDone - row.TSend); took < slowness {
				t.Errorf("the row tells of %v, the server took %v", took, slowness)
			}
		})
	}
}

// A close is heard of no sooner than the round trip allows.
func TestStaleConnectionFarAway(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	server := newReplay(t, [][][]byte{answer, {work}}, [][][]byte{answer})
	c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL, RTTSeconds: 60}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.Complete(context.Background(), hello)
	if row := c.Complete(context.Background(), hello); row.Status != "ok" || row.StaleRetries != 1 {
		t.Errorf("row: %+v", row)
	}
}

// The last try is on a fresh connection, and that it is closed there is the server's doing.
func TestClosedOnAFreshConnection(t *testing.T) {
	answer := [][]byte{stream(aToken + aFinish + theEnd)}
	c := newPatientClient(t, newReplay(t, [][][]byte{answer, {}}, once()).URL)
	c.Complete(context.Background(), hello)
	row := c.Complete(context.Background(), hello)
	if row.Status != "http_error" || row.StaleRetries != 1 || row.Error != "EOF" {
		t.Errorf("row: %+v", row)
	}
}

// llama.cpp announces that it keeps connections and closes them: whether a request finds out in time is a race, and must not matter.
func TestServerThatClosesBehindEachAnswer(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	c := newPatientClient(t, server.URL)
	if err := c.Warm(context.Background(), 4); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				if row := c.Complete(context.Background(), hello); row.Status != "ok" {
					t.Errorf("status %s (%s) after %d stale retries", row.Status, row.Error, row.StaleRetries)
				}
			}
		})
	}
	wg.Wait()
}
