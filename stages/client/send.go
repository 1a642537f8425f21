package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client/sse"
	"github.com/strangeloopio/inferencex/stages/client/wire"
)

// lingerAfterDone is how long, in wall time, the end of the body is awaited once a stream has said [DONE]. Reading to the end keeps the
// connection; a server that holds it open has still answered.
const lingerAfterDone = 250 * time.Millisecond

// staleWithin is how soon, in wall time beside the round trip, a request learns that its kept connection had been closed before it came. A server that
// took longer had the request, and what it did with that is its answer.
const staleWithin = 100 * time.Millisecond

const (
	maxRefusalBytes  = 64 << 10
	maxDocumentBytes = 16 << 20
)

var errTimeout = errors.New("no whole answer within the request's timeout")

// Send sends call and reads its answer to the end. schedNS is when the schedule meant it to be sent, on the client's clock. The row has no
// place in a load yet: cell, trial, attempt, index and user are the caller's to fill, as is what names the request in the chunks, which
// are appended to chunks.
//
// t_send is read when a connection is at hand. A kept connection that its server had closed meanwhile is no answer of the server: the
// request goes out again on another one, with t_send read again. It is told from a server that dies over the request by how soon the close
// shows. Each such connection is gone from the pool afterwards, so this ends.
func (c *Client) Send(ctx context.Context, call *Call, schedNS int64, chunks []table.Chunk) (table.Request, []table.Chunk) {
	c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	a := answer{client: c, row: call.row(schedNS), chunks: chunks, firstChunk: len(chunks)}
	for c.try(ctx, call, &a) {
		a.row.StaleRetries++
		c.pool.drain() // what was dialled with it is as old
	}
	return a.row, a.chunks
}

// try sends call once, settles the row, and reports whether the connection was stale.
func (c *Client) try(parent context.Context, call *Call, a *answer) (stale bool) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	if call.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.clock.Wall(call.timeout), errTimeout)
		defer stop()
	}
	var kept bool
	var heard atomic.Bool // set by the transport's own goroutine
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			_, warm := info.Conn.(*warmConn)
			kept = info.Reused || warm
			a.row.NewConnection = !info.Reused
			a.row.TSend = c.clock.NowNS()
		},
		GotFirstResponseByte: func() { heard.Store(true) },
	}
	a.row.TSend = c.clock.NowNS()
	resp, err := c.transport.RoundTrip(c.request(httptrace.WithClientTrace(ctx, trace), call))
	if err != nil {
		if kept && !heard.Load() && ctx.Err() == nil {
			waited := time.Duration(c.clock.NowNS() - a.row.TSend)
			if c.clock.Wall(waited) <= c.staleWithin {
				return true
			}
			err = fmt.Errorf("closed without an answer after %.1f s: %w", waited.Seconds(), err)
		}
		a.settle(ctx, unanswered, err)
		return false
	}
	defer resp.Body.Close()
	a.begin(resp)
	end, err := c.read(resp, a, cancel)
	a.settle(ctx, end, err)
	return false
}

func (c *Client) request(ctx context.Context, call *Call) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+call.path, bytes.NewReader(call.body))
	if err != nil {
		panic(err) // New has parsed the URL
	}
	req.GetBody = nil // else the transport sends again by itself, unseen
	req.Header = c.header.Clone()
	if call.id != "" {
		req.Header.Set("X-Request-Id", call.id)
	}
	return req
}

// read takes in the body of an answer and says how it ended.
func (c *Client) read(resp *http.Response, a *answer, cancel context.CancelFunc) (ending, error) {
	if resp.StatusCode != http.StatusOK {
		return c.readRefusal(resp)
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return compressed, errors.New(encoding)
	}
	stream := c.scanners.Get().(*sse.Scanner)
	defer c.scanners.Put(stream)
	stream.Reset()
	for reads := 0; ; reads++ {
		room, err := stream.Space()
		if err != nil {
			return garbled, err
		}
		n, err := resp.Body.Read(room)
		t := c.clock.NowNS()
		if reads == 0 && startsDocument(room[:n]) {
			return a.document(io.MultiReader(bytes.NewReader(room[:n]), resp.Body))
		}
		stream.Filled(n)
		for stream.Next() {
			if end, err := a.event(stream, t); end != going {
				return end, err
			}
		}
		if err != nil {
			return a.endOfBody(stream, t, err)
		}
		if a.doneNS != 0 && !a.lingering {
			a.lingering = true
			defer time.AfterFunc(lingerAfterDone, cancel).Stop()
		}
	}
}

func (c *Client) readRefusal(resp *http.Response) (ending, error) {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusalBytes))
	return refused, &StatusError{Code: resp.StatusCode, Message: c.excerpt(wire.Refusal(body)), Hint: c.hint(resp.StatusCode)}
}

// startsDocument reports whether the body that begins so is one JSON document and no stream, whatever its content type says.
func startsDocument(begin []byte) bool {
	begin = bytes.TrimLeft(begin, " \t\r\n")
	return len(begin) > 0 && begin[0] == '{'
}
