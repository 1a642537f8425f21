package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"golang.org/x/net/http2"
)

// second carries requests by HTTP/2: as many over one connection as the server allows, and then over another. What is read of one request then waits
// for what is read of all others on its connection.
type second struct{ *standard }

var _ carrier = second{}

// newSecond has a transport whose requests wait for one connection that is being made, where net/http's may each make one meanwhile.
func newSecond(c *Client, p *pool) second {
	s := newStandard(c, p)
	if p.tls != nil {
		p.tls.NextProtos = []string{http2.NextProtoTLS}
	}
	s.transport = &http2.Transport{
		DisableCompression: true,
		AllowHTTP:          true,
		DialTLSContext: func(ctx context.Context, _, _ string, _ *tls.Config) (net.Conn, error) {
			p.count()
			conn, err := p.connect(ctx, "", "")
			if secured, ok := conn.(*tls.Conn); ok && secured.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
				conn.Close()
				return nil, errors.New("the server does not offer it")
			}
			return conn, err
		},
	}
	s.explain = func(err error) error { return fmt.Errorf("by HTTP/2, which not every server speaks: %w", err) }
	return second{s}
}

// warm makes the first connection, by asking for the server's health: whatever it answers, it speaks HTTP/2.
func (s second) warm(ctx context.Context, _ int) error {
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
