package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Types returns the types of all providers, sorted.
func (k *Kind) Types() []string { return slices.Sorted(maps.Keys(k.providers)) }

// List returns the servers of a provider that carry all of these labels, whoever made them; without labels, everything that carries a token. args
// are those of a provider block.
func (k *Kind) List(ctx context.Context, env stage.Env, providerType string, args cty.Value, labels map[string]string) ([]Resource, error) {
	provider, err := k.provider(providerType)
	if err != nil {
		return nil, err
	}
	found, err := provider.List(ctx, Scope{Args: args, Env: complete(env)}, labels)
	if err != nil {
		return nil, fmt.Errorf("list servers of provider %s: %w", providerType, err)
	}
	return found, nil
}

// Destroy ends a server that List found, and returns nil only once it is absent.
func (k *Kind) Destroy(ctx context.Context, env stage.Env, providerType string, args cty.Value, r Resource) error {
	provider, err := k.provider(providerType)
	if err != nil {
		return err
	}
	h := Handle{Scope: Scope{Args: args, Env: complete(env)}, Token: r.Token, ID: r.ID}
	if err := provider.Destroy(ctx, h); err != nil {
		return fmt.Errorf("destroy %s %s: %w", providerType, name(h), err)
	}
	return nil
}
