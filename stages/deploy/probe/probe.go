// Package probe asks a server that claims to speak the OpenAI protocol what it is.
//
// Its invariant: a probe only reads. It sends one-token requests at most, and no error of it shows the key that it was given.
package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client"
)

// Target is the server to ask.
type Target struct {
	URL     string // base without a path; one that ends in /v1 means the same
	Headers map[string]string
	Key     string // sent as a bearer token; empty: none
	Trust   stage.Trust
}

// Probe asks one server. It is safe for concurrent use.
type Probe struct {
	base   string
	target Target
	client *http.Client
}

// StatusError is an answer other than 200.
type StatusError struct {
	Method, URL string
	Code        int
	Text        string // the beginning of the body
}

// Error says what was asked and answered.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.Code, http.StatusText(e.Code))
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// Bounds on what a probe reads of an answer, and repeats of one in an error, in bytes.
const (
	mostBody = 8 << 20
	mostText = 300
)

// New returns a probe of the target. Close it.
func New(target Target) (*Probe, error) {
	base := strings.TrimSuffix(strings.TrimRight(target.URL, "/"), "/v1")
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("url %q is none: want http://host:port or https://host", target.URL)
	}
	security, err := client.TLS(target.Trust, "") // the name is the URL's
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSClientConfig: security}
	return &Probe{base: base, target: target, client: &http.Client{Transport: transport}}, nil
}

// URL is the base URL without a path.
func (p *Probe) URL() string { return p.base }

// Close lets go of idle connections.
func (p *Probe) Close() { p.client.CloseIdleConnections() }

// Health returns nil if GET /health answers 200. A server without that path is healthy if it lists its models.
func (p *Probe) Health(ctx context.Context) error {
	_, _, err := p.do(ctx, http.MethodGet, "/health", nil)
	if !isStatus(err, http.StatusNotFound) {
		return err
	}
	_, _, err = p.do(ctx, http.MethodGet, "/v1/models", nil)
	return err
}

// Models returns the names that the server lists, and their aliases, asked over a connection of its own.
func (p *Probe) Models(ctx context.Context) ([]string, error) {
	var body []byte
	var err error
	client.Retry(ctx, func() bool {
		p.client.CloseIdleConnections()
		body, _, err = p.do(ctx, http.MethodGet, "/v1/models", nil)
		return mayPass(err)
	})
	if err != nil {
		return nil, err
	}
	names, err := client.ModelNames(body)
	if err != nil {
		return nil, fmt.Errorf("GET %s/v1/models: %w", p.base, err)
	}
	return names, nil
}

// Complete sends one request for one token to /v1/completions or, where there is none, to
// /v1/chat/completions. It repeats the request where the answer is an error that may pass.
func (p *Probe) Complete(ctx context.Context, model string) error {
	const prompt = "The capital of France is"
	err := p.complete(ctx, "/v1/completions", map[string]any{"model": model, "prompt": prompt, "max_tokens": 1, "temperature": 0})
	if !isStatus(err, http.StatusNotFound) && !isStatus(err, http.StatusMethodNotAllowed) {
		return err
	}
	chat := p.complete(ctx, "/v1/chat/completions", map[string]any{
		"model": model, "messages": []map[string]string{{"role": "user", "content": prompt}}, "max_tokens": 1, "temperature": 0,
	})
	if isStatus(chat, http.StatusNotFound) {
		return err // says more of a model that is not there
	}
	return chat
}

func (p *Probe) complete(ctx context.Context, path string, request map[string]any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	var answer []byte
	client.Retry(ctx, func() bool {
		answer, _, err = p.do(ctx, http.MethodPost, path, body)
		return mayPass(err)
	})
	if err != nil {
		return err
	}
	var completion struct {
		Choices []json.RawMessage `json:"choices"`
	}
	if err := json.Unmarshal(answer, &completion); err != nil || len(completion.Choices) == 0 {
		return fmt.Errorf("POST %s%s: the answer has no choices: %s", p.base, path, p.text(answer))
	}
	return nil
}

// RTT is the median of n round trips of GET /health over one connection, by a clock in nanoseconds. A round
// trip whose answer is an error that may pass is made again, and does not count.
func (p *Probe) RTT(ctx context.Context, n int, nowNS func() int64) (seconds float64, err error) {
	var trips []int64
	for range n + 1 {
		var start, end int64
		client.Retry(ctx, func() bool {
			start = nowNS()
			err = p.Health(ctx)
			end = nowNS()
			return mayPass(err)
		})
		if err != nil {
			return 0, err
		}
		trips = append(trips, end-start)
	}
	trips = trips[1:] // the first may have dialled
	slices.Sort(trips)
	return float64(trips[len(trips)/2]) / 1e9, nil
}

// do sends one request and returns the body and header of a 200.
func (p *Probe) do(ctx context.Context, method, path string, body []byte) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s%s: %w", method, p.base, path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.target.Key != "" {
		req.Header.Set("Authorization", "Bearer "+p.target.Key)
	}
	for name, value := range p.target.Headers {
		req.Header.Set(name, value)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, mostBody))
	if res.StatusCode != http.StatusOK {
		return nil, res.Header, &StatusError{Method: method, URL: p.base + path, Code: res.StatusCode, Text: p.text(answer)}
	}
	if err != nil {
		return nil, res.Header, fmt.Errorf("%s %s%s: read the answer: %w", method, p.base, path, err)
	}
	return answer, res.Header, nil
}

// text is the beginning of a body in one line, without the key.
func (p *Probe) text(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	if p.target.Key != "" {
		text = strings.ReplaceAll(text, p.target.Key, "(sensitive)")
	}
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + "…"
	}
	return text
}

// mayPass reports whether the server may answer better when it is asked again. A server that does not
// answer at all is left to the caller, which waits for its start.
func mayPass(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && client.ClassOfStatus(status.Code) == stage.Transient
}

func isStatus(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}
