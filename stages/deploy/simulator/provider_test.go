package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
)

var qwen = stage.Deployment{Model: stage.Model{Repo: "Qwen/Qwen3-8B-FP8"}, GPUType: "H100", GPUs: 2}

// withArgs is a deployment whose engine has args.
func withArgs(args ...string) stage.Deployment {
	d := qwen
	d.Engine = stage.Engine{Kind: "vllm", Args: args}
	return d
}

func TestProvider(t *testing.T) {
	deploytest.Run(t, func(*testing.T) deploytest.Subject {
		return deploytest.Subject{Provider: simulator.NewProvider(), Args: `speed = 50`, Deployment: qwen}
	})
}

// acquire brings up a server by the provider block in HCL and releases it after the test.
func acquire(t *testing.T, d stage.Deployment, hcl string, ttl time.Duration) (stage.Live, error) {
	t.Helper()
	p := simulator.NewProvider()
	args, err := block.Parse(p.Body(), hcl)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := block.CanonicalJSON(args)
	if err != nil {
		t.Fatal(err)
	}
	d.Provider = stage.Provider{Type: "simulator", Config: canonical}
	config, err := json.Marshal(stage.DeployConfig{Deployment: d, TTL: stage.Duration(ttl), StartupTimeout: stage.Duration(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	kind, env := deploy.New(p), deploytest.Env(nil)
	live, err := kind.Acquire(t.Context(), env, stage.Task{Config: config}, &deploytest.Ledger{})
	if err == nil {
		t.Cleanup(func() {
			if err := kind.Release(t.Context(), env, live.Record()); err != nil {
				t.Error(err)
			}
		})
	}
	return live, err
}

func TestProviderWaitsForAColdStart(t *testing.T) {
	live, err := acquire(t, qwen, `
		startup = "20s"
		speed   = 100
		profile = "offline"`, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if e := live.Endpoint(); !e.Simulated || e.Clock.Speed != 100 || e.Model != live.Record().Token || len(e.GPUs) != 2 {
		t.Errorf("endpoint = %+v", e)
	}
}

func TestProviderFailures(t *testing.T) {
	unknown := qwen
	unknown.Model.Repo = "acme/secret-model"
	tests := map[string]struct {
		deployment stage.Deployment
		hcl        string
		reason     string
		want       string
	}{
		"out of memory":  {qwen, `faults = [{ kind = "startup" }]`, "cuda_oom", "torch.OutOfMemoryError: CUDA out of memory."},
		"another cause":  {qwen, `faults = [{ kind = "startup", message = "EngineDeadError: EngineCore encountered an issue" }]`, "engine_dead", "EngineDeadError"},
		"unknown fault":  {qwen, `faults = [{ kind = "flood" }]`, "bad_config", `Unknown fault "flood"`},
		"unknown model":  {unknown, ``, "bad_config", "Qwen3-8B-FP8"},
		"too long":       {withArgs("--max-model-len=10000000"), "", "bad_config", "lower it"},
		"no such flag":   {withArgs("--no-such"), "", "bad_config", "--no-such has no effect on the simulator"},
		"model by hand":  {unknown, `model = "no-such"`, "bad_config", "no-such"},
		"negative count": {qwen, `faults = [{ kind = "stall", count = -1 }]`, "bad_config", "must not be negative"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := acquire(t, test.deployment, test.hcl, time.Hour)
			if err == nil || !strings.Contains(err.Error(), test.want) || stage.ReasonOf(err) != test.reason {
				t.Errorf("acquire = %v (%s); want %q (%s)", err, stage.ReasonOf(err), test.want, test.reason)
			}
		})
	}
}

func TestProviderModelBehindAnotherName(t *testing.T) {
	d := qwen
	d.Model.Repo = "acme/fine-tuned"
	if _, err := acquire(t, d, `model = "Qwen/Qwen3-8B-FP8"`, time.Hour); err != nil {
		t.Errorf("a model that stands in for another: %v", err)
	}
}

func TestProviderTimeLimit(t *testing.T) {
	live, err := acquire(t, qwen, `speed = 50`, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.After(20 * time.Second); ; {
		err := live.Alive(t.Context())
		if err != nil && strings.Contains(err.Error(), "its time limit of 2s has passed") {
			return
		}
		select {
		case <-end:
			t.Fatalf("alive after the time limit = %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
