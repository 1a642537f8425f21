package h1

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// dialAtOnce bounds connections being made at the same time, so that warming does not overrun a server's accept queue.
const dialAtOnce = 32

// sampleEvery: of so many connections the kernel stamps one, which costs it and each read some time.
const sampleEvery = 16

// Transport holds the connections to a server. It is safe for concurrent use.
type Transport struct {
	cfg    Config
	dialer net.Dialer
	lags   histogram
	// unasked counts connections on which bytes came that nobody had asked for.
	unasked atomic.Int64

	mu     sync.Mutex
	loop   *loop   // nil before the first connection and behind Close
	idle   []*Conn // the one that was used last is used next
	dialed int
	broken error // a panic of a loop: there is no other one behind it
}

// New returns a transport that has no connection yet.
func New(cfg Config) (*Transport, error) {
	return &Transport{cfg: cfg, dialer: net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}}, nil
}

// Fill dials n connections for the next requests.
func (t *Transport) Fill(ctx context.Context, n int) error {
	return crew.Each(n, dialAtOnce, func(int) error {
		c, err := t.dial(ctx)
		if err != nil {
			return err
		}
		c.kept = true
		t.put(c)
		return nil
	})
}

// Get returns a connection that is at hand, or a new one.
func (t *Transport) Get(ctx context.Context) (*Conn, error) {
	for {
		t.mu.Lock()
		n := len(t.idle)
		if n == 0 {
			t.mu.Unlock()
			return t.dial(ctx)
		}
		c := t.idle[n-1]
		t.idle = t.idle[:n-1]
		t.mu.Unlock()
		if c.alive() {
			return c, nil
		}
	}
}

// settlePause is the wait between looks whether connections have been closed.
const settlePause = time.Millisecond

// Settle tells the server on each connection that waits that no request follows, and returns when all are
// closed, after the limit, or with ctx.
func (t *Transport) Settle(ctx context.Context, limit time.Duration) {
	t.mu.Lock()
	waiting := t.idle
	t.idle = nil
	t.mu.Unlock()
	for _, c := range waiting {
		c.finishSending()
	}
	over := time.After(limit)
	for _, c := range waiting {
		for c.alive() {
			select {
			case <-time.After(settlePause):
			case <-over:
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

// put keeps a connection for another request.
func (t *Transport) put(c *Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, c)
}

// Connections returns how many have been dialled so far, whether they came about or not.
func (t *Transport) Connections() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dialed
}

// Reads returns what has been read so far.
func (t *Transport) Reads() Reads {
	t.mu.Lock()
	l := t.loop
	t.mu.Unlock()
	reads := Reads{Lag: t.lags.lag()}
	if l != nil {
		reads.Count = l.reads.Load()
	}
	return reads
}

// Unasked returns how many connections have been closed because bytes came on them that no request had
// asked for.
func (t *Transport) Unasked() int64 { return t.unasked.Load() }

// Err returns the panic by which the reading of answers has ended; nil if there was none. All requests fail
// from then on.
func (t *Transport) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.broken
}

func (t *Transport) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = err
}

// Close closes all connections, and fails the requests that are on them. It returns when the loop has ended; a request after it starts another.
func (t *Transport) Close() {
	t.mu.Lock()
	l := t.loop
	t.loop, t.idle = nil, nil
	t.mu.Unlock()
	if l != nil {
		l.close()
	}
}

func (t *Transport) dial(ctx context.Context) (*Conn, error) {
	t.mu.Lock()
	stamped := t.dialed%sampleEvery == 0
	t.dialed++
	t.mu.Unlock()
	conn, err := t.dialer.DialContext(ctx, "tcp", t.cfg.Address)
	if err != nil {
		return nil, err
	}
	fd, err := descriptor(conn)
	if err != nil {
		return nil, fmt.Errorf("take over the connection: %w", err)
	}
	c := &Conn{transport: t, fd: fd, done: make(chan Ending, 1)}
	if stamped {
		c.stamp()
	}
	if err := t.watch(c); err != nil {
		closeDescriptor(fd)
		return nil, fmt.Errorf("watch the connection: %w", err)
	}
	return c, nil
}

// watch has the loop read the connection.
func (t *Transport) watch(c *Conn) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken != nil {
		return t.broken
	}
	if t.loop == nil {
		l, err := startLoop(t.cfg.Now, &t.lags, t.fail)
		if err != nil {
			return err
		}
		t.loop = l
	}
	c.loop = t.loop
	return t.loop.add(c)
}
