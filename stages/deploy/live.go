package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/probe"
)

// live is a server that is ready.
type live struct {
	*acquisition
	endpoint stage.Endpoint
}

var (
	_ stage.Live      = (*live)(nil)
	_ stage.InProcess = (*live)(nil)
)

// Record returns what destroys the server from any process.
func (l *live) Record() stage.Record { return l.record }

// Endpoint returns what was found out at start-up.
func (l *live) Endpoint() stage.Endpoint { return l.endpoint }

// Logs returns the last lines that the server wrote.
func (l *live) Logs(ctx context.Context, lines int) ([]string, error) { return l.logs(ctx, lines) }

// Panicked returns the panic by which the server has ended, where it is goroutines of this process.
func (a *acquisition) Panicked() error {
	provider, ok := a.provider.(InProcess)
	if !ok {
		return nil
	}
	if err := provider.Panicked(a.handle.Token); err != nil {
		return fmt.Errorf("the server %s has ended: %w", name(a.handle), err)
	}
	return nil
}

// Alive returns nil unless the provider or the server itself says that it has ended. Silence is not death: a busy server answers late.
func (l *live) Alive(ctx context.Context) error {
	status, err := l.status(ctx)
	if err != nil {
		return fmt.Errorf("look for %s: %w", name(l.handle), err)
	}
	if status.Gone {
		return stage.Failf(stage.Transient, "server_ended", "the server %s has ended: %s", name(l.handle), status.Detail)
	}
	secret, err := APIKey(l.endpoint.APIKeyEnv, l.env.Getenv)
	if err != nil {
		return err
	}
	p, err := probe.New(probe.Target{URL: l.endpoint.URL, Headers: l.endpoint.Headers, Key: secret, Trust: l.endpoint.Trust})
	if err != nil {
		return err
	}
	defer p.Close()
	one, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	err = p.Health(one)
	var answer *probe.StatusError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return stage.Failf(stage.Transient, "server_ended", "nothing listens any more: %w", err)
	case errors.As(err, &answer) && answer.Code >= http.StatusInternalServerError:
		return stage.Failf(stage.Transient, "engine_dead", "the server says that it is not well: %w", err)
	default:
		return ctx.Err()
	}
}
