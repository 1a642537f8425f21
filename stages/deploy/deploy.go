// Package deploy is the stage that brings a server to life, proves that it is the right one and fit for use, and takes it away.
//
// Its invariant: nothing is created before the ledger knows the token it carries, and whatever a failed acquisition has created is
// destroyed before Acquire returns, or is in the ledger for whoever recovers.
package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// revision counts changes of this package that change results.
const revision = 1

// cleanupTimeout bounds how long a failed acquisition tries to destroy what it made.
const cleanupTimeout = 2 * time.Minute

// Kind is the stage "deploy" over a set of providers.
type Kind struct {
	providers map[string]Provider
}

var _ stage.Acquirer = (*Kind)(nil)

// New returns the stage for these providers. It panics if two have the same type.
func New(providers ...Provider) *Kind {
	k := &Kind{providers: map[string]Provider{}}
	for _, p := range providers {
		if _, taken := k.providers[p.Type()]; taken {
			panic("deploy: two providers of type " + p.Type())
		}
		k.providers[p.Type()] = p
	}
	return k
}

// Name is "deploy".
func (*Kind) Name() string { return Name }

// Class is Resource.
func (*Kind) Class() stage.Class { return stage.Resource }

// Revision counts changes of this stage that change results.
func (*Kind) Revision() int { return revision }

// Timeout leaves time to fetch and load a large model. A provider's startup_timeout is usually shorter.
func (*Kind) Timeout() time.Duration { return 45 * time.Minute }

// Bodies returns the arguments of each provider by its type, for the language.
func (k *Kind) Bodies() map[string]block.Body {
	bodies := map[string]block.Body{}
	for name, p := range k.providers {
		bodies[name] = p.Body()
	}
	return bodies
}

// Acquire creates the server that task.Config describes and waits until it is ready: healthy, itself, and having answered one request.
// Failures carry a reason of package startup where its log tells one.
func (k *Kind) Acquire(ctx context.Context, env stage.Env, task stage.Task, ledger stage.Ledger) (stage.Live, error) {
	a, err := k.begin(env, task)
	if err != nil {
		return nil, err
	}
	live, err := a.acquire(ctx, ledger)
	if err != nil {
		return nil, fmt.Errorf("deploy %s: %w", describe(a.cfg.Deployment), err)
	}
	return live, nil
}

// provider finds a provider by its type.
func (k *Kind) provider(name string) (Provider, error) {
	provider, ok := k.providers[name]
	if !ok {
		return nil, stage.Failf(stage.Permanent, "unknown_provider", "no provider %q; there are %s", name, k.known())
	}
	return provider, nil
}

// known lists the types of all providers in an error.
func (k *Kind) known() string { return strings.Join(k.Types(), ", ") }

// name is what a person needs to find a server.
func name(h Handle) string {
	if h.ID == "" {
		return "with token " + string(h.Token)
	}
	return string(h.ID) + " (token " + string(h.Token) + ")"
}

// join adds to an error that cleaning up failed too.
func join(err error, h Handle, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return fmt.Errorf("%w; and it may still be running: %s: %w", err, name(h), cleanup)
}
