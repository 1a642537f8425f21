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
	var kept bool
	var heard atomic.Bool // set by the transport's own goroutine
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			_, warm := info.Conn.(*warmConn)
			kept = info.Reused || warm
			a.row.NewConnection = !info.Reused
			a.row.TSend = s.client.clock.NowNS()
		},
		GotFirstResponseByte: func() { heard.Store(true) },
	}
	resp, err := s.transport.RoundTrip(s.client.request(httptrace.WithClientTrace(ctx, trace), call))
	now := s.client.clock.NowNS()
	if err != nil {
		if kept && !heard.Load() && ctx.Err() == nil {
			if s.client.isStale(ctx, a, kept, now) {
				return true
			}
			err = fmt.Errorf("closed without an answer after %.1f s: %w", time.Duration(now-a.row.TSend).Seconds(), err)
		}
		a.conclude(ctx, now, unanswered, s.explain(err))
		return false
	}
	defer resp.Body.Close()
	a.Head(now, h1.Head{
		Status: resp.StatusCode, Proto: resp.Proto, ContentType: resp.Header.Get("Content-Type"), ContentEncoding: resp.Header.Get("Content-Encoding"),
	})
	now, err = s.read(resp.Body, a)
	a.close(ctx, now, err)
	return false
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
func (s *netHTTP) connections() int                      { return s.pool.connections() }
func (s *netHTTP) reads() h1.Reads                       { return h1.Reads{} }
func (s *netHTTP) err() error                            { return s.pool.err() }

func (s *netHTTP) close() {
	s.pool.drain()
	s.transport.CloseIdleConnections()
}

// request is the call for net/http.
func (c *Client) request(ctx context.Context, call *Call) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+call.path, bytes.NewReader(call.body()))
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
