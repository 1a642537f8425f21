package deploy

import (
	"context"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
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
