package client

import (
	"context"
	"fmt"
	"net/http"
)

// Metrics returns what GET /metrics answers, on a connection that no measured request uses. Servers that have none, or do not show it, give an
// error that is ErrUnsupported.
func (c *Client) Metrics(ctx context.Context) ([]byte, error) {
	body, err := c.ask(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("GET /metrics: %w", err)
	}
	return body, nil
}
