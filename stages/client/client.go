// Package client asks an OpenAI-compatible server for streamed answers and measures them. Its invariant: one request gives one row whatever
// becomes of it — no failure is an error of the caller, none is retried in silence, and none passes for a success — and every
// time in the row was read from the clock before the bytes it stands for were looked at.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client/h1"
)

// Config says which server to ask and how.
type Config struct {
	Endpoint stage.Endpoint
	// Headers go with every request, over the endpoint's and its API key. So do SecretHeaders, whose values no error shows.
	Headers, SecretHeaders map[string]string
	// Getenv looks up the variable that Endpoint.APIKeyEnv names; nil is an empty environment.
	Getenv func(string) string
	// Clock tells the times of rows. Nil: one that starts at New and ticks as Endpoint.Clock says.
	Clock *stage.Clock
	// MaxTokensField is the name under which requests carry the longest answer: max_tokens (also where empty) or max_completion_tokens.
	MaxTokensField string
	// HTTP is the version to speak: "1.1" (also where empty) or "2", which plain http takes for granted (RFC 9113, 3.3) and https negotiates.
	HTTP string
}

// Client asks one server. It is safe for concurrent use, follows no redirects, uses no proxy and speaks HTTP/1.1
// unless it was told otherwise.
type Client struct {
	endpoint       stage.Endpoint
	base           string // URL, without the paths of APIs
	host, prefix   string // of it
	clock          *stage.Clock
	maxTokensField string
	staleWithin    time.Duration // wall time
	header         http.Header
	fields         []byte          // header as it goes over the wire
	secrets        []string        // never shown in an error
	carrier        carrier         // of measured requests
	control        *http.Transport // of all others, so that these use up no warm connection
	metricsClient  *http.Transport // to other servers, which show the metrics; nil: the endpoint does

	inFlight atomic.Int64
	deltas   atomic.Int64
	// misplaced counts requests that got an answer which is not theirs.
	misplaced atomic.Int64
}

// Live is what a client is doing now, for showing.
type Live struct {
	InFlight    int64 // requests sent and not ended
	Deltas      int64 // events with a non-empty delta, over all requests so far
	Connections int   // dialled for requests so far
}

// New returns a client for cfg.Endpoint. It connects to nothing yet.
func New(cfg Config) (*Client, error) {
	base, err := parseBase(cfg.Endpoint.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{endpoint: cfg.Endpoint, base: base.String(), host: base.Host, prefix: base.EscapedPath(), clock: cfg.Clock, maxTokensField: cfg.MaxTokensField}
	switch c.maxTokensField {
	case "":
		c.maxTokensField = "max_tokens"
	case "max_tokens", "max_completion_tokens":
	default:
		return nil, fmt.Errorf("max tokens field %q: want max_tokens or max_completion_tokens", c.maxTokensField)
	}
	if c.clock == nil {
		c.clock = stage.NewClock(time.Now, cfg.Endpoint.Clock)
	}
	c.staleWithin = staleWithin + c.clock.Wall(time.Duration(cfg.Endpoint.RTTSeconds*float64(time.Second)))
	if err := c.setHeader(cfg); err != nil {
		return nil, err
	}
	security, err := TLS(cfg.Endpoint.Trust, base.Hostname())
	if err != nil {
		return nil, err
	}
	if base.Scheme == "http" {
		security = nil
	}
	p := newPool(hostPort(base), security)
	c.control = newTransport(p.guarded(p.connect))
	if len(cfg.Endpoint.MetricsURLs) > 0 {
		if c.metricsClient, err = c.newMetricsClient(); err != nil {
			return nil, err
		}
	}
	c.carrier, err = c.newCarrier(cfg.HTTP, p)
	return c, err
}

// newCarrier chooses what carries requests: the loop where it can, which measures best, and else net/http.
func (c *Client) newCarrier(version string, p *pool) (carrier, error) {
	switch version {
	case "2":
		return newHTTP2(c, p), nil
	case "", "1.1":
	default:
		return nil, fmt.Errorf("http %q: want 1.1 or 2", version)
	}
	if p.tls == nil {
		transport, err := h1.New(h1.Config{Address: p.addr, Now: c.clock.NowNS})
		if err == nil || !errors.Is(err, h1.ErrUnsupported) {
			return &loop{c, transport}, err
		}
	}
	return newNetHTTP(c, p), nil
}

// Close closes the connections that no request is using.
func (c *Client) Close() {
	c.carrier.close()
	c.control.CloseIdleConnections()
	if c.metricsClient != nil {
		c.metricsClient.CloseIdleConnections()
	}
}

// Warm dials n connections, TLS and all, which the next requests will use as the first on each.
func (c *Client) Warm(ctx context.Context, n int) error {
	if err := c.carrier.warm(ctx, n); err != nil {
		return fmt.Errorf("dial %s: %w", c.base, err)
	}
	return nil
}

// Live returns what the client is doing now.
func (c *Client) Live() Live {
	return Live{InFlight: c.inFlight.Load(), Deltas: c.deltas.Load(), Connections: c.carrier.connections()}
}

// Err returns the panic by which a goroutine of the client has ended that served several requests; nil if
// there was none. Those requests have failed, and so do all that follow: whoever sends them has to stop and
// tell.
func (c *Client) Err() error { return c.carrier.err() }

// Reads returns what of the server's answers has been read so far, and how late. Nothing is known of requests that net/http carries.
func (c *Client) Reads() h1.Reads { return c.carrier.reads() }

// Unasked returns on how many connections the server has sent bytes so far that no request had asked for,
// and how many requests got an answer that is not theirs: it began before the server had them, or names
// another one.
func (c *Client) Unasked() (connections, misplaced int64) {
	return c.carrier.unasked(), c.misplaced.Load()
}

// Settle says to the server that no request follows, and waits for a moment until it has closed the
// connections that are not used: what it sends instead is the answer to nothing, and Unasked counts it.
// Only plain connections that the loop reads are told.
func (c *Client) Settle(ctx context.Context) { c.carrier.settle(ctx) }

// Complete sends one request now and returns its row, without its place in a load (cell, index, user) and without its chunks.
func (c *Client) Complete(ctx context.Context, r Request) table.Request {
	call, err := c.Encode(r)
	now := c.clock.NowNS()
	if err != nil {
		return Unsent(r.ID, now, now, errors.New(c.excerpt(err.Error())))
	}
	row, _ := c.Send(ctx, call, now, nil)
	return row
}
