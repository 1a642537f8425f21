package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/stages/client/h1"
)

// loop carries requests over plain HTTP/1.1 connections that one loop reads.
type loop struct {
	client    *Client
	transport *h1.Transport
}

var (
	_ carrier = (*loop)(nil)
	_ h1.Sink = (*answer)(nil)
)

func (d *loop) carry(ctx context.Context, call *Call, a *answer) (stale bool) {
	var end h1.Ending
	var kept bool
	for end.Err = h1.ErrUnsent; errors.Is(end.Err, h1.ErrUnsent); {
		conn, err := d.transport.Get(ctx)
		if err != nil {
			a.conclude(ctx, d.client.clock.NowNS(), unanswered, err)
			return false
		}
		kept = conn.Kept()
		a.row.NewConnection = !conn.Used()
		a.row.TSend = d.client.clock.NowNS()
		end = conn.RoundTrip(ctx, call.wire, a)
	}
	why := end.Err
	switch {
	case a.row.THeaders != nil:
		a.close(ctx, end.T, end.Err)
		return false
	case errors.Is(end.Err, h1.ErrEarly):
		a.conclude(ctx, end.T, misplaced, end.Err)
		return false
	case !end.Heard && d.client.isStale(ctx, a, kept, end.T):
		return true
	case !end.Heard && kept && ctx.Err() == nil:
		took := time.Duration(end.T - a.row.TSend)
		why = fmt.Errorf("closed without an answer after %.1f s: %w", took.Seconds(), end.Err)
	}
	a.conclude(ctx, end.T, unanswered, why)
	return false
}

func (d *loop) warm(ctx context.Context, n int) error { return d.transport.Fill(ctx, n) }

// settleWithin is how long a server is waited for that neither closes nor sends, in wall time beside the
// round trip. Servers close at once; one that owes an answer may take as long as that takes to begin.
const settleWithin = time.Second

// forget does nothing: the loop hears of closed connections.
func (d *loop) forget() {}

func (d *loop) settle(ctx context.Context) {
	d.transport.Settle(ctx, settleWithin+d.client.staleWithin)
}

func (d *loop) connections() int { return d.transport.Connections() }
func (d *loop) unasked() int64   { return d.transport.Unasked() }
func (d *loop) reads() h1.Reads  { return d.transport.Reads() }
func (d *loop) err() error       { return d.transport.Err() }
func (d *loop) close()           { d.transport.Close() }
