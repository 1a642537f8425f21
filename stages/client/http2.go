package client

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
)

// http2 carries requests by HTTP/2: as many over one connection as the server allows, and then over another. What is read of one request then waits
// for what is read of all others on its connection.
type http2 struct{ *netHTTP }

var _ carrier = http2{}

func newHTTP2(c *Client, p *pool) http2 {
	s := newNetHTTP(c, p)
	s.transport = newShared(c, p)
	s.explain = func(err error) error { return fmt.Errorf("by HTTP/2, which not every server speaks: %w", err) }
	return http2{s}
}

// warm makes the first connection, by asking for the server's health: whatever it answers, it speaks HTTP/2.
func (s http2) warm(ctx context.Context, _ int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.client.base+"/health", nil)
	if err != nil {
		return err
	}
	req.Header = s.client.header.Clone()
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return s.explain(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxRefusalBytes))
	return nil
}

// shared makes requests over connections that have room for more. It has those of net/http one by one, for its Transport lets requests that come while
// a connection is being made each make one of their own.
type shared struct {
	scheme, address string
	maker           *http.Transport
	turn            chan struct{} // full while one looks for a connection, or makes one
	connections     []*http.ClientConn
}

var _ transport = (*shared)(nil)

func newShared(c *Client, p *pool) *shared {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &shared{scheme: "http", address: p.addr, turn: make(chan struct{}, 1), maker: &http.Transport{
		Protocols: protocols, DisableCompression: true,
		DialContext: p.guarded(func(ctx context.Context, _, _ string) (net.Conn, error) {
			p.count()
			return p.dialer.DialContext(ctx, "tcp", p.addr)
		}),
	}}
	if p.tls != nil {
		s.scheme, s.maker.TLSClientConfig = "https", p.tls.Clone()
		s.maker.TLSClientConfig.NextProtos = []string{"h2"}
	}
	return s
}

// RoundTrip makes one request. Its trace hears of the connection.
func (s *shared) RoundTrip(req *http.Request) (*http.Response, error) {
	conn, reused, err := s.acquire(req.Context())
	if err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Reused: reused})
	}
	return conn.RoundTrip(req)
}

// acquire returns a connection with room for one more request, which it keeps for the caller, and whether it is not a new one.
func (s *shared) acquire(ctx context.Context) (conn *http.ClientConn, reused bool, err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	defer func() { <-s.turn }()
	s.connections = slices.DeleteFunc(s.connections, func(c *http.ClientConn) bool { return c.Err() != nil })
	for _, conn := range s.connections {
		if conn.Reserve() == nil {
			return conn, true, nil
		}
	}
	if conn, err = s.maker.NewClientConn(ctx, s.scheme, s.address); err != nil {
		return nil, false, err
	}
	s.connections = append(s.connections, conn)
	return conn, false, conn.Reserve()
}

// CloseIdleConnections closes the connections that no request is using.
func (s *shared) CloseIdleConnections() {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	for _, conn := range s.connections {
		if conn.InFlight() == 0 {
			conn.Close()
		}
	}
}
