package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/probe"
)

// endingGrace is how long a server that refuses connections may take to end, so that its exit status can be
// told: what is left of it is cleared away first.
const endingGrace = 5 * time.Second

// Alive returns nil unless the provider or the server itself says that it has ended. Silence is not death:
// a busy server answers late.
func (l *live) Alive(ctx context.Context) error {
	status, err := l.status(ctx)
	if err != nil {
		return fmt.Errorf("look for %s: %w", name(l.handle), err)
	}
	if status.Gone {
		return l.ended(ctx, status)
	}
	connected, err := l.connect(ctx)
	var answer *probe.StatusError
	if connected && err != nil && !errors.As(err, &answer) && !errors.Is(err, context.DeadlineExceeded) {
		connected, err = l.connect(ctx) // it may have ended over the question
	}
	switch {
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &answer) && answer.Code >= http.StatusInternalServerError:
		return stage.Failf(stage.Transient, stage.ReasonEngineDead,
			"the server says that it is not well: %w", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		if status, err := l.awaitEnd(ctx); err == nil && status.Gone {
			return l.ended(ctx, status)
		}
		return stage.Failf(stage.Transient, stage.ReasonServerEnded,
			"nothing listens any more: %w%s", err, l.lastWords(ctx))
	case !connected && !ours(err):
		return stage.Failf(stage.Transient, stage.ReasonUnreachable,
			"no connection to it comes about: %w", err)
	default:
		return nil
	}
}

// ours reports whether a connection did not come about for want of something on this machine.
func ours(err error) bool {
	wanting := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL}
	return slices.ContainsFunc(wanting, func(want error) bool { return errors.Is(err, want) })
}

// ended is the failure of a server that its provider has seen end.
func (l *live) ended(ctx context.Context, status Status) error {
	words := ""
	if l.Panicked() == nil { // its stack is no log of an engine
		words = l.lastWords(ctx)
	}
	return stage.Failf(stage.Permanent, stage.ReasonServerEnded,
		"the server %s has ended: %s%s", name(l.handle), status.Detail, words)
}

// connect asks the server for its health, for a while. It reports whether a connection came about.
func (l *live) connect(ctx context.Context) (connected bool, err error) {
	secret, err := APIKey(l.endpoint.APIKeyEnv, l.env.Getenv)
	if err != nil {
		return true, err // nothing is known of it
	}
	e := l.endpoint
	p, err := probe.New(probe.Target{URL: e.URL, Headers: e.Headers, Key: secret, Trust: e.Trust})
	if err != nil {
		return true, err
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var made atomic.Bool // the trace is called by goroutines that dial
	err = p.Health(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) { made.Store(made.Load() || err == nil) },
	}))
	return made.Load(), err
}

// awaitEnd asks the provider until the server has ended, for a while. A borrowed one has no provider that
// would see it.
func (l *live) awaitEnd(ctx context.Context) (Status, error) {
	if _, borrowed := l.provider.(Borrower); borrowed {
		return Status{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, endingGrace)
	defer cancel()
	for {
		status, err := l.status(ctx)
		if err != nil || status.Gone {
			return status, err
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-time.After(firstPause):
		}
	}
}

// lastWords is the end of the server's log, where its provider can have one.
func (l *live) lastWords(ctx context.Context) string {
	if _, borrowed := l.provider.(Borrower); borrowed {
		return ""
	}
	lines, err := l.logs(ctx, logLines)
	if err != nil {
		return fmt.Sprintf("; its log cannot be read: %v", err)
	}
	return tail(lines)
}
