package deploytest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// Under returns a deployment under a provider whose block is this HCL, and the block's arguments.
func Under(t testing.TB, p deploy.Provider, hcl string, d stage.Deployment) (stage.Deployment, cty.Value) {
	t.Helper()
	args, err := blocktest.Parse(p.Body(), hcl)
	if err != nil {
		t.Fatalf("the provider's arguments: %v", err)
	}
	canonical, err := block.CanonicalJSON(args)
	if err != nil {
		t.Fatal(err)
	}
	d.Provider = stage.Provider{Type: p.Type(), Config: canonical}
	return d, args
}

// Acquire has the deploy stage bring up a server under a provider whose block is this HCL. The server is released
// after the test. Without limits of its own it may live for an hour and start for a minute.
func Acquire(
	t testing.TB, env stage.Env, p deploy.Provider, hcl string, cfg stage.DeployConfig,
) (*deploy.Kind, stage.Live, error) {
	t.Helper()
	cfg.Deployment, _ = Under(t, p, hcl, cfg.Deployment)
	if cfg.TTL == 0 {
		cfg.TTL = stage.Duration(time.Hour)
	}
	if cfg.StartupTimeout == 0 {
		cfg.StartupTimeout = stage.Duration(time.Minute)
	}
	config, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	kind := deploy.New(p)
	live, err := kind.Acquire(t.Context(), env, stage.Task{Attempt: 1, Config: config, Dir: t.TempDir()}, &Ledger{})
	if err == nil {
		t.Cleanup(func() {
			if err := kind.Release(context.Background(), env, live.Record()); err != nil {
				t.Error(err)
			}
		})
	}
	return kind, live, err
}
