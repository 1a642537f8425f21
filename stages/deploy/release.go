package deploy

import (
	"context"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// ListDelayer is the optional power of a provider to say for how long a server may be missing from its List after Create was called. The others show it
// at once.
type ListDelayer interface {
	ListDelay() time.Duration
}

// listPause is the wait between looks for a server that may not be listed yet.
const listPause = 2 * time.Second

// Release destroys what a record names. What is absent already, or never came to be, is released at once; whether it came to be is for List to
// say, where its creation was cut short before the provider's name for it was written down.
func (k *Kind) Release(ctx context.Context, env stage.Env, record stage.Record) error {
	cfg, err := parseConfig(record.Config)
	if err != nil {
		return err
	}
	provider, err := k.provider(cfg.Deployment.Provider.Type)
	if err != nil {
		return err
	}
	env = complete(env)
	args, err := arguments(provider.Body(), cfg.Deployment.Provider.Config, cfg.Provenance)
	if err != nil { // another version of this program wrote them; token and id still name the server
		env.Log.Warn("release without the provider's arguments", "token", record.Token, "error", err)
		args = provider.Body().Defaults()
	}
	h := Handle{
		Scope: Scope{Args: args, Env: env}, Deployment: cfg.Deployment, Token: Token(record.Token), ID: ID(record.ID),
	}
	if h.ID == "" {
		if h.ID, err = awaitListing(ctx, provider, h); err != nil {
			return fmt.Errorf("look for %s by its label: %w", name(h), err)
		}
	}
	if err := provider.Destroy(ctx, h); err != nil {
		return fmt.Errorf("destroy %s %s: %w", provider.Type(), name(h), err)
	}
	return nil
}

// awaitListing looks for a server by its label for as long as its provider may be slow to list it. It returns no id if it never came to be.
func awaitListing(ctx context.Context, provider Provider, h Handle) (ID, error) {
	lister, slow := provider.(ListDelayer)
	if !slow {
		return "", nil // Destroy finds by token what is there
	}
	for until := h.Env.Now().Add(lister.ListDelay()); ; {
		found, err := provider.List(ctx, h.Scope, map[string]string{LabelToken: string(h.Token)})
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return found[0].ID, nil
		}
		if !h.Env.Now().Before(until) {
			return "", nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(listPause):
		}
	}
}
