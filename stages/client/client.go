// Package client asks an OpenAI-compatible server for streamed answers and measures them. Its invariant: one request gives one row whatever
// becomes of it — no failure is an error of the caller, none is retried in silence, and none passes for a success — and every
// time in the row was read from the clock before the bytes it stands for were looked at.
package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client/sse"
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
}

// Client asks one server. It is safe for concurrent use, follows no redirects, uses no proxy and speaks HTTP/1.1.
type Client struct {
	endpoint       stage.Endpoint
	base           string
	clock          *stage.Clock
	maxTokensField string
	staleWithin    time.Duration // wall time
	header         http.Header
	secrets        []string // never shown in an error
	pool           *pool
	transport      *http.Transport // of measured requests
	control        *http.Transport // of all others, so that these use up no warm connection
	scanners       sync.Pool       // of *sse.Scanner, for their buffers

	inFlight atomic.Int64
	deltas   atomic.Int64
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
	c := &Client{endpoint: cfg.Endpoint, base: base.String(), clock: cfg.Clock, maxTokensField: cfg.MaxTokensField}
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
	c.scanners.New = func() any { return new(sse.Scanner) }
	c.pool = newPool(hostPort(base), tlsFor(base))
	c.transport = newTransport(c.pool.dial)
	c.control = newTransport(c.pool.connect)
	return c, nil
}

func newTransport(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext:    dial,
		DialTLSContext: dial,
		// Compressed tokens come in lumps; identity is asked for and anything else refused.
		DisableCompression:  true,
		MaxIdleConnsPerHost: math.MaxInt,
		WriteBufferSize:     32 << 10, // most prompts go out in one write
		ReadBufferSize:      16 << 10,
	}
}

// Close closes the connections that no request is using.
func (c *Client) Close() {
	c.pool.drain()
	c.transport.CloseIdleConnections()
	c.control.CloseIdleConnections()
}

// Warm dials n connections, TLS and all, which the next requests will use as the first on each.
func (c *Client) Warm(ctx context.Context, n int) error {
	if err := c.pool.fill(ctx, n); err != nil {
		return fmt.Errorf("dial %s: %w", c.base, err)
	}
	return nil
}

// Live returns what the client is doing now.
func (c *Client) Live() Live {
	return Live{InFlight: c.inFlight.Load(), Deltas: c.deltas.Load(), Connections: c.pool.connections()}
}

// Complete sends one request now and returns its row, without its place in a load (cell, index, user) and without its chunks.
func (c *Client) Complete(ctx context.Context, r Request) table.Request {
	call, err := c.Encode(r)
	now := c.clock.NowNS()
	if err != nil {
		row := (&Call{id: r.ID}).row(now)
		row.TSend, row.TDone, row.Status, row.Error = now, now, "http_error", c.excerpt(err.Error())
		return row
	}
	row, _ := c.Send(ctx, call, now, nil)
	return row
}

func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case err != nil:
		return nil, errors.New("endpoint url: not a URL: want such as http://127.0.0.1:8000") // err repeats the text, which may hold a secret
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, fmt.Errorf("endpoint url %q: want http:// or https:// and a host", base.Redacted())
	case base.User != nil:
		return nil, errors.New("endpoint url: holds a user or password: name the variable that holds the key in api_key_env instead")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("endpoint url %q: want no query or fragment", base.Redacted())
	}
	// Suites often carry the base that OpenAI's own library wants, which ends in /v1.
	base.Path = strings.TrimSuffix(base.Path, "/v1")
	return base, nil
}

func hostPort(base *url.URL) string {
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	return net.JoinHostPort(base.Hostname(), port)
}

func tlsFor(base *url.URL) *tls.Config {
	if base.Scheme != "https" {
		return nil
	}
	return &tls.Config{ServerName: base.Hostname(), NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
}

func (c *Client) setHeader(cfg Config) error {
	c.header = http.Header{
		"Content-Type":    {"application/json"},
		"Accept-Encoding": {"identity"},
		"User-Agent":      {"inferencex"},
	}
	for name, value := range cfg.Endpoint.Headers {
		c.header.Set(name, value)
		c.hide(value)
	}
	if err := c.setKey(cfg); err != nil {
		return err
	}
	for name, value := range cfg.Headers {
		c.header.Set(name, value)
	}
	for name, value := range cfg.SecretHeaders {
		c.header.Set(name, value)
		c.hide(value)
	}
	return nil
}

func (c *Client) setKey(cfg Config) error {
	name := cfg.Endpoint.APIKeyEnv
	if name == "" {
		return nil
	}
	var key string
	if cfg.Getenv != nil {
		key = cfg.Getenv(name)
	}
	if key == "" {
		return fmt.Errorf("environment variable %s is empty: set it to the endpoint's API key", name)
	}
	c.header.Set("Authorization", "Bearer "+key)
	c.hide(key)
	return nil
}
