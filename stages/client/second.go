package client

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
)

// second carries requests by HTTP/2: as many over one connection as the server allows, and then over another. What is read of one request then waits
// for what is read of all others on its connection.
type second struct{ *standard }

var _ carrier = second{}

func newSecond(c *Client, p *pool) second {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: protocols, DisableCompression: true, MaxIdleConnsPerHost: math.MaxInt,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			p.count()
			return p.dialer.DialContext(ctx, "tcp", p.addr)
		},
	}
	if p.tls != nil {
		transport.TLSClientConfig = p.tls.Clone()
		transport.TLSClientConfig.NextProtos = []string{"h2"}
	}
	s := newStandard(c, p)
	s.transport = transport
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
