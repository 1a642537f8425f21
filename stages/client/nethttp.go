package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/stages/client/h1"
)

const readBytes = 16 << 10

// netHTTP carries requests by net/http: over TLS, and where there is no loop.
type netHTTP struct {
	client    *Client
	pool      *pool
	transport transport
	buffers   sync.Pool         // of *[readBytes]byte
	explain   func(error) error // what is said of a request that got no answer
}

// transport makes requests over connections that it keeps.
type transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

var _ carrier = (*netHTTP)(nil)

func newNetHTTP(c *Client, p *pool) *netHTTP {
	return &netHTTP{
		client: c, pool: p, transport: newTransport(p.guarded(p.dial)),
		buffers: sync.Pool{New: func() any { return new([readBytes]byte) }}, explain: func(err error) error { return err },
	}
}

func newTransport(dial dialFunc) *http.Transport {
	return &http.Transport{
		DialContext:    dial,
		DialTLSContext: dial,
		// Compressed tokens come in lumps; identity is asked for and anything else refused.
		DisableCompression:  true,
		MaxIdleConnsPerHost: math.MaxInt,
		WriteBufferSize:     32 << 10, // most prompts go out in one write
		ReadBufferSize:      readBytes,
	}
}

func (s *netHTTP) carry(ctx context.Context, call *Call, a *answer) (stale bool) {
	for {
		if sent, stale := s.try(ctx, call, a); sent {
			return stale
		}
	}
}

// try carries a call on the connection that net/http has at hand. sent is false if that is of no use: the
// connection is gone then.
func (s *netHTTP) try(ctx context.Context, call *Call, a *answer) (sent, stale bool) {
	var conn *exchange // nil by HTTP/2
	var kept bool
	var heard, hasty atomic.Bool // set by the transport's own goroutine
	body := newUpload(call.body())
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if conn, _ = info.Conn.(*exchange); conn != nil {
				conn.begin()
			}
			kept = info.Reused || conn != nil && conn.warm
			a.row.NewConnection = !info.Reused
			a.row.TSend = s.client.clock.NowNS()
		},
		// Not WroteRequest: the transport calls it in another goroutine, after an answer may have come.
		GotFirstResponseByte: func() {
			heard.Store(true)
			hasty.Store(body.left.Load() > 0 || conn != nil && conn.unacked())
		},
	}
	resp, err := s.transport.RoundTrip(s.client.request(httptrace.WithClientTrace(ctx, trace), call, body))
	if conn != nil && conn.unsent() {
		return false, false
	}
	now := s.client.clock.NowNS()
	if err != nil {
		if kept && !heard.Load() && ctx.Err() == nil {
			if s.client.isStale(ctx, a, kept, now) {
				return true, true
			}
			err = fmt.Errorf("closed without an answer after %.1f s: %w", time.Duration(now-a.row.TSend).Seconds(), err)
		}
		a.conclude(ctx, now, unanswered, s.explain(err))
		return true, false
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK && hasty.Load() {
		a.conclude(ctx, now, misplaced, h1.ErrEarly)
		return true, false
	}
	a.Head(now, h1.Head{
		Status: resp.StatusCode, Proto: resp.Proto, ContentType: resp.Header.Get("Content-Type"), ContentEncoding: resp.Header.Get("Content-Encoding"),
	})
	now, err = s.read(resp.Body, a)
	a.close(ctx, now, err)
	return true, false
}

// upload is the body of a request, and knows how much of it the transport has not taken yet.
type upload struct {
	rest bytes.Reader
	left atomic.Int64
}

func newUpload(b []byte) *upload {
	u := new(upload)
	u.rest.Reset(b)
	u.left.Store(int64(len(b)))
	return u
}

// Read gives the transport a part of the body.
func (u *upload) Read(b []byte) (int, error) {
	n, err := u.rest.Read(b)
	u.left.Add(-int64(n))
	return n, err
}

// read reads a body into a to its end, or until that has enough.
func (s *netHTTP) read(body io.Reader, a *answer) (t int64, err error) {
	buffer := s.buffers.Get().(*[readBytes]byte)
	defer s.buffers.Put(buffer)
	for {
		n, err := body.Read(buffer[:])
		t := s.client.clock.NowNS()
		if (n > 0 && a.Body(t, buffer[:n])) || err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

func (s *netHTTP) warm(ctx context.Context, n int) error { return s.pool.fill(ctx, n) }
func (s *netHTTP) forget()                               { s.pool.drain() }
func (s *netHTTP) settle(context.Context)                {}
func (s *netHTTP) unasked() int64                        { return s.pool.unasked.Load() }
func (s *netHTTP) connections() int                      { return s.pool.connections() }
func (s *netHTTP) reads() h1.Reads                       { return h1.Reads{} }
func (s *netHTTP) err() error                            { return s.pool.err() }

func (s *netHTTP) close() {
	s.pool.drain()
	s.transport.CloseIdleConnections()
}

// request is the call for net/http, which cannot send the body again by itself, unseen.
func (c *Client) request(ctx context.Context, call *Call, body *upload) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+call.path, body)
	if err != nil {
		panic(err) // New has parsed the URL
	}
	req.ContentLength = body.left.Load()
	req.Header = c.header.Clone()
	if call.id != "" {
		req.Header.Set("X-Request-Id", call.id)
	}
	return req
}
