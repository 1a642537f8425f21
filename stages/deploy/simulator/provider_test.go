package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
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
	return acquireIn(t, deploytest.Env(nil), d, hcl, ttl)
}

// acquireIn is acquire in another world.
func acquireIn(t *testing.T, env stage.Env, d stage.Deployment, hcl string, ttl time.Duration) (stage.Live, error) {
	t.Helper()
	_, live, err := deploytest.Acquire(t, env, simulator.NewProvider(), hcl, stage.DeployConfig{Deployment: d, TTL: stage.Duration(ttl)})
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
		"out of memory": {qwen, `faults = [{ kind = "startup" }]`, "cuda_oom", "torch.OutOfMemoryError: CUDA out of memory."},
		"another cause": {qwen, `faults = [{ kind = "startup", message = "EngineDeadError: EngineCore encountered an issue" }]`, "engine_dead", "EngineDeadError"},
		"unknown model": {unknown, ``, "bad_config", "Qwen3-8B-FP8"},
		"too long":      {withArgs("--max-model-len=10000000"), "", "bad_config", "lower it"},
		"no such flag":  {withArgs("--no-such"), "", "bad_config", "--no-such has no effect on the simulator"},
		"model by hand": {unknown, `model = "no-such"`, "bad_config", "no-such"},
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
	p := simulator.NewProvider()
	args, err := blocktest.Parse(p.Body(), "")
	if err != nil {
		t.Fatal(err)
	}
	scope := deploy.Scope{Args: args, Env: deploytest.Env(nil)}
	h := deploy.Handle{Scope: scope, Token: "ix-time-limit"}
	if h.ID, err = p.Create(t.Context(), h.Token, deploy.Spec{Scope: scope, Deployment: qwen, TTL: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	for end := time.After(20 * time.Second); ; {
		status, err := p.Inspect(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if status.Gone {
			if want := "its time limit of 100ms has passed"; status.Detail != want {
				t.Errorf("it is gone: %q, want %q", status.Detail, want)
			}
			break
		}
		select {
		case <-end:
			t.Fatal("it outlives its time limit")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := p.Destroy(t.Context(), h); err != nil {
		t.Error(err)
	}
}

func TestSpeedsBeyondAnyClock(t *testing.T) {
	for speed, want := range map[string]string{"1e-300": "1e-300 is not between 0.001 and 1e+06", "0": "0 is not between", "1e9": "is not between 0.001 and 1e+06", "100000": "", "0.5": ""} {
		_, err := blocktest.Parse(simulator.NewProvider().Body(), "speed = "+speed)
		if got := fmt.Sprint(err); (err != nil) != (want != "") || !strings.Contains(got, want) {
			t.Errorf("speed %s: got %v, want %s", speed, err, want)
		}
	}
}
