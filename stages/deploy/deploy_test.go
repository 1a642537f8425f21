package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// slow is a provider whose server never gets an address, so that only the clock of a test moves.
type slow struct {
	create     error
	destroy    error
	inspect    error
	status     deploy.Status
	log        []string
	destroyed  atomic.Int64
	seenByTest func(deploy.Spec)
}

func (*slow) Type() string { return "slow" }

func (*slow) Body() block.Body {
	return block.Body{Args: []block.Arg{
		{Name: "zone", Type: cty.String, Default: cty.StringVal("a")},
		{Name: "note", Type: cty.String, Provenance: true},
	}}
}

func (s *slow) Create(_ context.Context, token deploy.Token, spec deploy.Spec) (deploy.ID, error) {
	if s.seenByTest != nil {
		s.seenByTest(spec)
	}
	return deploy.ID("id-of-" + token), s.create
}

func (s *slow) Inspect(context.Context, deploy.Handle) (deploy.Status, error) {
	return s.status, s.inspect
}

func (s *slow) Logs(context.Context, deploy.Handle, int) ([]string, error) { return s.log, nil }

func (s *slow) Destroy(context.Context, deploy.Handle) error {
	s.destroyed.Add(1)
	return s.destroy
}

func (s *slow) List(context.Context, deploy.Scope, map[string]string) ([]deploy.Resource, error) {
	return []deploy.Resource{{Token: "ix-a", ID: "id-a"}}, nil
}

func config(t *testing.T, edit func(*stage.DeployConfig)) json.RawMessage {
	t.Helper()
	cfg := stage.DeployConfig{
		Deployment: stage.Deployment{
			Model: stage.Model{Repo: "m"}, Provider: stage.Provider{Type: "slow"}, GPUType: "H100", GPUs: 1,
		},
		TTL: stage.Duration(time.Hour), StartupTimeout: stage.Duration(5 * time.Minute),
	}
	if edit != nil {
		edit(&cfg)
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestStartThatFails(t *testing.T) {
	tests := map[string]struct {
		provider *slow
		reason   string
		class    stage.ErrorClass
		atLeast  time.Duration
		atMost   time.Duration
		want     []string
	}{
		"never an address": {
			&slow{status: deploy.Status{Detail: "waiting for a node"}}, "timeout", stage.Transient, 5 * time.Minute, 5 * time.Minute,
			[]string{"deploy m on slow (1 × H100): not ready within 5m0s (startup_timeout)", "waiting for a node"},
		},
		"the provider's API is down": {
			&slow{inspect: errors.New("502 Bad Gateway")}, "timeout", stage.Transient, 5 * time.Minute, 5 * time.Minute,
			[]string{"502 Bad Gateway"},
		},
		"the provider says no": {
			&slow{inspect: stage.Failf(stage.Permanent, "forbidden", "no access to the workspace")}, "forbidden", stage.Permanent, 0, 0,
			[]string{"no access to the workspace"},
		},
		"a front end that outlives its engine": {
			&slow{log: []string{"RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."}}, "driver", stage.Permanent,
			15 * time.Second, 30 * time.Second,
			[]string{"the server is up but cannot serve", "driver: RuntimeError: The NVIDIA driver", "check nvidia-smi"},
		},
		"a slow start that hangs in its engine": {
			&slow{
				status: deploy.Status{Detail: "starting"},
				log:    []string{"INFO 09-28 15:47:20 [core.py:76] Loading weights"},
			},
			"timeout", stage.Transient, 5 * time.Minute, 5 * time.Minute,
			[]string{"starting"},
		},
		"gone at once": {
			&slow{status: deploy.Status{Gone: true, Detail: "pod failed"}, log: []string{"Killed process 12 (python3)"}},
			"host_oom", stage.Permanent, 0, 0,
			[]string{"the server ended during start-up: pod failed", "host_oom: Killed process 12"},
		},
		"create fails": {
			&slow{create: stage.Failf(stage.Quota, "capacity", "no H100 is free")}, "capacity", stage.Quota, 0, 0,
			[]string{"create: no H100 is free"},
		},
		"it cannot be destroyed": {
			&slow{create: errors.New("connection reset"), destroy: errors.New("403 Forbidden")}, "error", stage.Permanent, 0, 0,
			[]string{"create: connection reset; and it may still be running: with token ix-", "403 Forbidden"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := deploy.New(test.provider).Acquire(t.Context(), stage.Env{Now: time.Now},
					stage.Task{Config: config(t, nil)}, &deploytest.Ledger{})
				if err == nil {
					t.Fatal("it is ready")
				}
				for _, want := range test.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("error = %q\nwant it to say %q", err, want)
					}
				}
				if got := stage.ReasonOf(err); got != test.reason {
					t.Errorf("reason = %s, want %s", got, test.reason)
				}
				if got := stage.ClassOf(err); got != test.class {
					t.Errorf("class = %s, want %s", got, test.class)
				}
				if took := time.Since(start); took < test.atLeast || took > test.atMost {
					t.Errorf("it took %s, want %s to %s", took, test.atLeast, test.atMost)
				}
				if got := test.provider.destroyed.Load(); got != 1 {
					t.Errorf("destroyed %d times, want once", got)
				}
			})
		})
	}
}

func TestCanceledStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &slow{log: []string{"CUDA out of memory"}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		_, err := deploy.New(provider).Acquire(ctx, stage.Env{Now: time.Now}, stage.Task{Config: config(t, nil)}, &deploytest.Ledger{})
		if stage.ClassOf(err) != stage.Canceled {
			t.Errorf("acquire = %v (%s); want canceled", err, stage.ClassOf(err))
		}
		if provider.destroyed.Load() != 1 {
			t.Error("what was created is still there")
		}
	})
}

func TestSpec(t *testing.T) {
	var got deploy.Spec
	provider := &slow{create: errors.New("seen"), seenByTest: func(s deploy.Spec) { got = s }}
	task := stage.Task{Dir: "/some/where", Config: config(t, func(c *stage.DeployConfig) {
		c.Deployment.Provider.Config = json.RawMessage(`{"zone":"b"}`)
		c.Provenance = json.RawMessage(`{"note":"n"}`)
		c.Deployment.Engine.Env = map[string]string{"B": "2", "C": "(sensitive)"} // a word like any other
		c.SecretEnv = map[string]string{"A": "engine.e.env.A"}
		c.TTL = stage.Duration(time.Hour)
	})}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	env := stage.Env{RunID: "run-1", Now: func() time.Time { return now }, Secret: func(string) string { return "secret-value" }}
	ledger := &deploytest.Ledger{}
	_, _ = deploy.New(provider).Acquire(t.Context(), env, task, ledger)

	record := ledger.Records()[0]
	if !record.Deadline.Equal(now.Add(time.Hour)) || record.SpecDigest == "" || strings.Contains(string(record.Config), "secret-value") {
		t.Errorf("record = %+v", record)
	}
	want := map[string]string{deploy.LabelToken: record.Token, deploy.LabelRun: "run-1"}
	if diff := cmp.Diff(want, got.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"A=secret-value", "B=2", "C=(sensitive)"}, got.EngineEnv.Strings()); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if block.String(got.Args, "zone") != "b" || block.String(got.Args, "note") != "n" || got.TTL != time.Hour || got.Dir != "/some/where" {
		t.Errorf("spec = %+v", got)
	}
}

func TestTokensDiffer(t *testing.T) {
	seen := map[string]bool{}
	for attempt := range 3 {
		ledger := &deploytest.Ledger{}
		_, _ = deploy.New(&slow{create: errors.New("no")}).Acquire(t.Context(), deploytest.Env(nil),
			stage.Task{Attempt: attempt, Config: config(t, nil)}, ledger)
		seen[ledger.Records()[0].Token] = true
	}
	if len(seen) != 3 {
		t.Errorf("tokens of three attempts: %v", seen)
	}
}

func TestRelease(t *testing.T) {
	provider := &slow{}
	kind := deploy.New(provider)
	record := stage.Record{Token: "ix-a", ID: "id-a", Config: config(t, nil)}
	if err := kind.Release(t.Context(), stage.Env{}, record); err != nil || provider.destroyed.Load() != 1 {
		t.Fatalf("release = %v, destroyed %d times", err, provider.destroyed.Load())
	}
	provider.destroy = errors.New("503")
	err := kind.Release(t.Context(), stage.Env{}, record)
	if err == nil || err.Error() != "destroy slow id-a (token ix-a): 503" {
		t.Errorf("release = %v", err)
	}
}

// A record of a version with other arguments, or without times, still names a server.
func TestReleaseOfAnOldRecord(t *testing.T) {
	provider := &slow{}
	record := stage.Record{Token: "ix-a", Config: json.RawMessage(`{"deployment":{"provider":{"type":"slow","config":{"zones":["b"]}}}}`)}
	if err := deploy.New(provider).Release(t.Context(), stage.Env{}, record); err != nil || provider.destroyed.Load() != 1 {
		t.Errorf("release = %v, destroyed %d times", err, provider.destroyed.Load())
	}
}

func TestConfigurationThatNoPlanWrites(t *testing.T) {
	tests := map[string]struct {
		edit func(*stage.DeployConfig)
		want string
	}{
		"unknown provider": {
			func(c *stage.DeployConfig) { c.Deployment.Provider.Type = "fast" }, `no provider "fast"; there are slow`,
		},
		"no time limit": {
			func(c *stage.DeployConfig) { c.TTL = 0 },
			"the deployment's configuration has ttl 0s and startup_timeout 5m0s: a plan gives both, from the suite",
		},
		"no patience": {
			func(c *stage.DeployConfig) { c.StartupTimeout = 0 },
			"the deployment's configuration has ttl 1h0m0s and startup_timeout 0s: a plan gives both, from the suite",
		},
		"a secret without a value": {
			func(c *stage.DeployConfig) { c.SecretEnv = map[string]string{"TOKEN": "engine.e.env.TOKEN"} },
			"environment variable TOKEN is empty: give a value to engine.e.env.TOKEN in the suite",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ledger := &deploytest.Ledger{}
			_, err := deploy.New(&slow{}).Acquire(t.Context(), deploytest.Env(nil), stage.Task{Config: config(t, test.edit)}, ledger)
			if err == nil || err.Error() != test.want || len(ledger.Records()) > 0 {
				t.Errorf("acquire = %v with %d records, want %q", err, len(ledger.Records()), test.want)
			}
		})
	}
}

func TestNewPanicsOnDoubleType(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two providers of one type were accepted")
		}
	}()
	deploy.New(&slow{}, &slow{})
}
