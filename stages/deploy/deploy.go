// Package deploy is the stage that brings a server to life, proves that it is the right one and fit for use, and takes it away.
//
// Its invariant: nothing is created before the ledger knows the token it carries, and whatever a failed acquisition has created is
// destroyed before Acquire returns, or is in the ledger for whoever recovers.
package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
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
func (*Kind) Name() string { return "deploy" }

// Class is Resource.
func (*Kind) Class() stage.Class { return stage.Resource }

// Revision counts changes of this stage that change results.
func (*Kind) Revision() int { return revision }

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

// Release destroys what a record names.
func (k *Kind) Release(ctx context.Context, env stage.Env, record stage.Record) error {
	cfg, err := parseConfig(record.Config)
	if err != nil {
		return err
	}
	provider, h, err := k.handle(env, cfg, record)
	if err != nil {
		return err
	}
	if err := provider.Destroy(ctx, h); err != nil {
		return fmt.Errorf("destroy %s %s: %w", provider.Type(), name(h), err)
	}
	return nil
}

// Find returns records, fit for Release, of all servers that a provider sees with these labels. It needs no run directory.
func (k *Kind) Find(ctx context.Context, env stage.Env, where stage.DeployConfig, labels map[string]string) ([]stage.Record, error) {
	config, err := json.Marshal(where)
	if err != nil {
		return nil, fmt.Errorf("write the provider's configuration: %w", err)
	}
	provider, h, err := k.handle(env, where, stage.Record{})
	if err != nil {
		return nil, err
	}
	found, err := provider.List(ctx, h.Scope, labels)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", provider.Type(), err)
	}
	var records []stage.Record
	for _, r := range found {
		records = append(records, stage.Record{Token: string(r.Token), ID: string(r.ID), Config: config, SpecDigest: digest(config)})
	}
	return records, nil
}

// handle finds the provider of a configuration and names a server to it.
func (k *Kind) handle(env stage.Env, cfg stage.DeployConfig, record stage.Record) (Provider, Handle, error) {
	env = complete(env)
	provider, ok := k.providers[cfg.Deployment.Provider.Type]
	if !ok {
		return nil, Handle{}, stage.Failf(stage.Permanent, "unknown_provider", "no provider %q; there are %s",
			cfg.Deployment.Provider.Type, strings.Join(slices.Sorted(maps.Keys(k.providers)), ", "))
	}
	args, err := Arguments(provider.Body(), cfg.Deployment.Provider.Config, cfg.Provenance)
	if err != nil {
		return nil, Handle{}, fmt.Errorf("provider %s: %w", provider.Type(), err)
	}
	return provider, Handle{
		Scope:      Scope{Args: args, Env: env},
		Deployment: cfg.Deployment,
		Token:      Token(record.Token),
		ID:         ID(record.ID),
	}, nil
}

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
