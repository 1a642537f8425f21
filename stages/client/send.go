package client

import (
	"context"
	"errors"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client/h1"
)

// lingerAfterDone is how long, in wall time, the end of the body is awaited once a stream has said [DONE]. Reading to the end keeps the
// connection; a server that holds it open has still answered.
const lingerAfterDone = 250 * time.Millisecond

// staleWithin is how soon, in wall time beside the round trip, a request learns that its kept connection had been closed before it came. A server that
// took longer had the request, and what it did with that is its answer.
const staleWithin = 100 * time.Millisecond

var errTimeout = errors.New("no whole answer within the request's timeout")

// carrier brings requests to the server and their answers back.
type carrier interface {
	// carry sends call once on a connection that is at hand, or on a new one, reads what comes into a and ends it. It sets what a's row says of the
	// connection and when the request was sent. stale reports that nothing came because a kept connection had been closed: then a has not ended.
	carry(ctx context.Context, call *Call, a *answer) (stale bool)
	// warm dials n connections, which the next requests will use as the first on each.
	warm(ctx context.Context, n int) error
	// forget closes connections that no request has used yet.
	forget()
	// connections returns how many have been dialled for requests so far.
	connections() int
	// settle waits for what the server still sends on connections that are not used.
	settle(ctx context.Context)
	// unasked counts connections on which bytes came that no request had asked for.
	unasked() int64
	// reads returns what has been read so far, as far as it is counted.
	reads() h1.Reads
	// err returns the panic by which a goroutine has ended that carried more than one request; nil if none
	// has.
	err() error
	close()
}

// Send sends call and reads its answer to the end. schedNS is when the schedule meant it to be sent, on the client's clock. The row has no
// place in a load yet: cell, trial, attempt, index and user are the caller's to fill, as is what names the request in the chunks, which
// are appended to chunks.
//
// t_send is read when a connection is at hand. A kept connection that its server had closed meanwhile is no answer of the server: the
// request goes out again on another one, with t_send read again. It is told from a server that dies over the request by how soon the close
// shows. Each such connection is gone from the pool afterwards, so this ends.
func (c *Client) Send(ctx context.Context, call *Call, schedNS int64, chunks []table.Chunk) (table.Request, []table.Chunk) {
	a := c.newAnswer(call, schedNS, chunks)
	c.send(ctx, call, a)
	return a.row, a.chunks
}

// SendForText is Send, and returns what the answer says, too, without reasoning and calls of tools: what a conversation goes on from.
func (c *Client) SendForText(ctx context.Context, call *Call, schedNS int64, chunks []table.Chunk) (table.Request, []table.Chunk, string) {
	a := c.newAnswer(call, schedNS, chunks)
	a.keep = true
	c.send(ctx, call, a)
	return a.row, a.chunks, a.said()
}

func (c *Client) send(ctx context.Context, call *Call, a *answer) {
	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	for c.try(ctx, call, a) {
		a.row.StaleRetries++
		c.carrier.forget() // what was dialled with it is as old
	}
}

// try sends call once and reports whether the connection was stale.
func (c *Client) try(parent context.Context, call *Call, a *answer) (stale bool) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	if call.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.clock.Wall(call.timeout), errTimeout)
		defer stop()
	}
	a.leave = cancel
	defer a.stopLingering()
	a.row.TSend = c.clock.NowNS()
	return c.carrier.carry(ctx, call, a)
}

// isStale reports whether a request to which nothing came by doneNS had met a connection that was closed already.
func (c *Client) isStale(ctx context.Context, a *answer, kept bool, doneNS int64) bool {
	return kept && ctx.Err() == nil && c.clock.Wall(time.Duration(doneNS-a.row.TSend)) <= c.staleWithin
}
