package deploy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
)

// outliving stands for a provider elsewhere: to the stage of another process its servers are there as before.
type outliving struct{ *simulator.Provider }

func (outliving) Outlives() {}

// simulated is the configuration of a deployment on the simulator.
func simulated(t *testing.T, gpus int) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(stage.DeployConfig{
		Deployment: stage.Deployment{
			Model: stage.Model{Repo: "Qwen/Qwen3-8B-FP8"}, Provider: stage.Provider{Type: "simulator", Config: json.RawMessage(`{}`)},
			GPUType: "H100", GPUs: gpus,
		},
		TTL: stage.Duration(time.Hour), StartupTimeout: stage.Duration(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAdopt(t *testing.T) {
	provider := outliving{simulator.NewProvider()}
	task := stage.Task{Config: simulated(t, 1), Attempt: 1, Dir: t.TempDir()}
	first := deploytest.Env(nil)
	live, err := deploy.New(provider).Acquire(t.Context(), first, task, &deploytest.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	record := live.Record()
	other := deploy.New(provider) // as another process has it
	env := deploytest.Env(nil)
	for name, tc := range map[string]struct {
		kind *deploy.Kind
		edit func(*stage.Record)
		want string
	}{
		"made otherwise":      {other, func(r *stage.Record) { r.SpecDigest = "x" }, "its configuration has changed"},
		"never named":         {other, func(r *stage.Record) { r.ID = "" }, "its provider's name for it is not known"},
		"gone":                {other, func(r *stage.Record) { r.Token = "ix-other" }, "it is gone: no such server in this process"},
		"ends with its maker": {deploy.New(provider.Provider), func(*stage.Record) {}, "servers of provider simulator end with the process that made them"},
	} {
		t.Run(name, func(t *testing.T) {
			edited := record
			tc.edit(&edited)
			if _, err := tc.kind.Adopt(t.Context(), env, task, edited); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	adopted, err := other.Adopt(t.Context(), env, task, record)
	if err != nil {
		t.Fatal(err)
	}
	if got := adopted.Endpoint(); got.URL != live.Endpoint().URL || !got.Borrowed || live.Endpoint().Borrowed || adopted.Record().Token != record.Token {
		t.Errorf("adopted %+v, acquired %+v", got, live.Endpoint())
	}
	if err := adopted.Alive(t.Context()); err != nil {
		t.Error(err)
	}
	if err := other.Release(t.Context(), env, adopted.Record()); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Adopt(t.Context(), env, task, record); err == nil || !strings.HasPrefix(err.Error(), "it is gone") {
		t.Errorf("after its release: %v", err)
	}
}

// lagging is a provider that lists a server only some time after its creation.
type lagging struct {
	slow
	listed time.Time
	delay  time.Duration
	seen   deploy.ID // in Destroy
}

func (l *lagging) ListDelay() time.Duration { return l.delay }

func (l *lagging) List(context.Context, deploy.Scope, map[string]string) ([]deploy.Resource, error) {
	if time.Now().Before(l.listed) {
		return nil, nil
	}
	return []deploy.Resource{{Token: "ix-a", ID: "id-a"}}, nil
}

func (l *lagging) Destroy(ctx context.Context, h deploy.Handle) error {
	l.seen = h.ID
	return l.slow.Destroy(ctx, h)
}

func TestACreationThatWasCutShortIsLookedForAsLongAsItMayBeHidden(t *testing.T) {
	for name, tc := range map[string]struct {
		listed, delay time.Duration
		id            string
		want          deploy.ID
		took          time.Duration // at most
	}{
		"it shows up":         {20 * time.Second, time.Minute, "", "id-a", 22 * time.Second},
		"it never came to be": {time.Hour, time.Minute, "", "", time.Minute + 2*time.Second},
		"its name is known":   {time.Hour, time.Minute, "id-b", "id-b", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				provider := &lagging{listed: start.Add(tc.listed), delay: tc.delay}
				err := deploy.New(provider).Release(t.Context(), stage.Env{Now: time.Now}, stage.Record{Token: "ix-a", ID: tc.id, Config: config(t, nil)})
				if took := time.Since(start); err != nil || provider.seen != tc.want || took > tc.took || provider.destroyed.Load() != 1 {
					t.Errorf("destroyed %q after %s, %v", provider.seen, took, err)
				}
			})
		})
	}
}

func TestListAndDestroyFindWhatNoJournalKnows(t *testing.T) {
	provider := outliving{simulator.NewProvider()}
	kind := deploy.New(provider)
	env := deploytest.Env(nil)
	live, err := kind.Acquire(t.Context(), env, stage.Task{Config: simulated(t, 1), Attempt: 1, Dir: t.TempDir()}, &deploytest.Ledger{})
	if err != nil {
		t.Fatal(err)
	}
	args := kind.Bodies()["simulator"].Defaults()
	for _, labels := range []map[string]string{nil, {deploy.LabelRun: env.RunID}} {
		found, err := kind.List(t.Context(), env, "simulator", args, labels)
		if err != nil || len(found) != 1 || string(found[0].Token) != live.Record().Token {
			t.Fatalf("labels %v: %v %v", labels, found, err)
		}
	}
	found, err := kind.List(t.Context(), env, "simulator", args, map[string]string{deploy.LabelRun: "another"})
	if err != nil || len(found) != 0 {
		t.Fatalf("of another run: %v %v", found, err)
	}
	all, err := kind.List(t.Context(), env, "simulator", args, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := kind.Destroy(t.Context(), env, "simulator", args, all[0]); err != nil {
		t.Fatal(err)
	}
	if left, _ := kind.List(t.Context(), env, "simulator", args, nil); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	if _, err := kind.List(t.Context(), env, "nosuch", args, nil); err == nil || !strings.Contains(err.Error(), `no provider "nosuch"; there are simulator`) {
		t.Errorf("got %v", err)
	}
}
