package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// dialAtOnce bounds connections being made at the same time, so that warming does not overrun a server's accept queue.
const dialAtOnce = 32

// pool stands behind the transport's dialling, and hands it connections that were made ahead of time as if it had made them just now.
type pool struct {
	dialer net.Dialer
	tls    *tls.Config // nil: plain
	addr   string

	unasked atomic.Int64 // connections on which bytes came that no request had asked for

	mu     sync.Mutex
	warm   []*exchange
	dialed int   // for requests: made or tried
	broken error // a panic of one of net/http's goroutines that dialled
}

func newPool(addr string, tlsConfig *tls.Config) *pool {
	if tlsConfig != nil {
		tlsConfig.NextProtos = []string{"http/1.1"}
	}
	return &pool{dialer: net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}, tls: tlsConfig, addr: addr}
}

// dialFunc makes a connection, as net/http wants it made.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// guarded returns dial for net/http, which calls it in goroutines of its own: a panic is an error there,
// and err has it.
func (p *pool) guarded(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		err = crew.Catch(func() (err error) {
			conn, err = dial(ctx, network, addr)
			return err
		})
		if crew.PanicIn(err) != nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.broken = crew.Worst(p.broken, err)
		}
		return conn, err
	}
}

// err returns the first panic of what was dialled for net/http.
func (p *pool) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

// dial is the transport's dialler for both schemes: connections are to one server only.
func (p *pool) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	p.mu.Lock()
	if n := len(p.warm); n > 0 {
		conn := p.warm[n-1]
		p.warm = p.warm[:n-1]
		p.mu.Unlock()
		return conn, nil
	}
	p.mu.Unlock()
	p.count()
	conn, err := p.connect(ctx, "", "")
	if err != nil {
		return nil, err
	}
	return newExchange(conn, &p.unasked), nil
}

// count counts a connection for requests that is about to be made.
func (p *pool) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialed++
}

// connect makes a connection, past those that are waiting.
func (p *pool) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, err := p.dialer.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return nil, err
	}
	if p.tls != nil {
		secured := tls.Client(conn, p.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, fmt.Errorf("tls with %s: %w", p.addr, err)
		}
		return secured, nil
	}
	return conn, nil
}

// fill makes n connections and keeps those that came about.
func (p *pool) fill(ctx context.Context, n int) error {
	return crew.Each(n, dialAtOnce, func(int) error {
		conn, err := p.connect(ctx, "", "")
		if err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.dialed++
		kept := newExchange(conn, &p.unasked)
		kept.warm = true
		p.warm = append(p.warm, kept)
		return nil
	})
}

// drain closes the connections that are still waiting for their first request.
func (p *pool) drain() {
	p.mu.Lock()
	warm := p.warm
	p.warm = nil
	p.mu.Unlock()
	for _, conn := range warm {
		conn.Close()
	}
}

// connections returns how many have been made so far.
func (p *pool) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dialed
}
