package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// Metrics returns what each server of the endpoint answers to GET /metrics, on connections that no measured request uses. Servers that have none, or do
// not show them, give an error that is ErrUnsupported.
func (c *Client) Metrics(ctx context.Context) ([][]byte, error) {
	if c.metricsClient == nil {
		body, err := c.ask(ctx, http.MethodGet, "/metrics", nil)
		if err != nil {
			return nil, fmt.Errorf("GET /metrics: %w", err)
		}
		return [][]byte{body}, nil
	}
	bodies := make([][]byte, len(c.endpoint.MetricsURLs))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	asking := crew.Crew{Stop: stop}
	for i, url := range c.endpoint.MetricsURLs {
		asking.Go(func() (err error) {
			if bodies[i], err = c.fetch(ctx, url); err != nil {
				return fmt.Errorf("GET %s: %w", url, err)
			}
			return nil
		})
	}
	return bodies, asking.Wait()
}

// fetch gets a document of another server than the endpoint's. Key and headers are for that one's API alone.
func (c *Client) fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return c.document(c.metricsClient, req)
}

// newMetricsClient returns what carries requests to other servers than the endpoint's.
func (c *Client) newMetricsClient() (*http.Transport, error) {
	security, err := TLS(c.endpoint.Trust, "")
	if err != nil {
		return nil, err
	}
	return &http.Transport{TLSClientConfig: security}, nil
}
