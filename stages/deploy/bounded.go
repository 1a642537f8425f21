package deploy

import (
	"context"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// How long a provider may take to answer a question. What is asked on the way to a release must not hold the release up.
const (
	inspectTimeout = 30 * time.Second
	logsTimeout    = 15 * time.Second
)

// bounded asks a provider and lets the question go if no answer comes in time, even from a provider that does not listen to its context.
func bounded[T any](ctx context.Context, limit time.Duration, ask func(context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	value, err := crew.Ask(limited, ask)
	if err != nil && crew.PanicIn(err) == nil && limited.Err() != nil && ctx.Err() == nil {
		return value, stage.Failf(stage.Transient, "provider_silent", "the provider gave no answer within %s", limit)
	}
	return value, err
}

// status asks the provider what it sees of the server.
func (a *acquisition) status(ctx context.Context) (Status, error) {
	return bounded(ctx, inspectTimeout, func(ctx context.Context) (Status, error) { return a.provider.Inspect(ctx, a.handle) })
}

// logs returns the last lines that the server wrote, without the secrets that it was given.
func (a *acquisition) logs(ctx context.Context, lines int) ([]string, error) {
	read, err := bounded(ctx, logsTimeout, func(ctx context.Context) ([]string, error) { return a.provider.Logs(ctx, a.handle, lines) })
	for i, line := range read {
		read[i] = a.spec.EngineEnv.Redact(line)
	}
	return read, err
}
