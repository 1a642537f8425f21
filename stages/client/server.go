package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/strangeloopio/inferencex/stages/client/wire"
)

// ErrUnsupported says that a server has no such interface. It is to be tested for with errors.Is.
var ErrUnsupported = errors.New("the server does not offer this")

// Is makes the statuses of servers without an interface match ErrUnsupported.
func (e *StatusError) Is(target error) bool {
	return target == ErrUnsupported &&
		(e.Code == http.StatusNotFound || e.Code == http.StatusMethodNotAllowed || e.Code == http.StatusNotImplemented)
}

// Tokenize returns the ids that the server makes of text, without special tokens such as the beginning of a sequence. Servers that
// lack /tokenize give an error that is ErrUnsupported.
func (c *Client) Tokenize(ctx context.Context, text string) ([]int64, error) {
	// vLLM reads prompt and add_special_tokens, llama.cpp content and add_special; each passes over the other's.
	ask, err := json.Marshal(map[string]any{
		"model": c.endpoint.Model, "prompt": text, "add_special_tokens": false, "content": text, "add_special": false,
	})
	if err != nil {
		return nil, fmt.Errorf("tokenize: %w", err)
	}
	body, err := c.ask(ctx, http.MethodPost, "/tokenize", ask)
	if err != nil {
		return nil, fmt.Errorf("tokenize: %w", err)
	}
	var answer struct {
		Tokens []int64 `json:"tokens"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("tokenize: %w", err)
	}
	if answer.Tokens == nil {
		return nil, fmt.Errorf("tokenize: %w: its answer holds no tokens: %s", ErrUnsupported, c.excerpt(string(body)))
	}
	return answer.Tokens, nil
}

// ask sends one small request and returns the body of its 200.
func (c *Client) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	req.Header["Idempotency-Key"] = nil // not sent: lets the transport repeat a POST that met a connection closed meanwhile
	document, err := c.document(c.control, req)
	var refused *StatusError
	if errors.As(err, &refused) {
		refused.Hint = c.hint(refused.Code)
	}
	return document, err
}

// document sends a small request and returns the body of its 200; anything else is a *StatusError.
func (c *Client) document(over http.RoundTripper, req *http.Request) ([]byte, error) {
	resp, err := over.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusalBytes))
		return nil, &StatusError{Code: resp.StatusCode, Message: c.excerpt(wire.Refusal(body))}
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxDocumentBytes))
}
