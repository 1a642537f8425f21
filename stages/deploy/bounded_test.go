package deploy_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// mute is a provider that does not answer, whatever becomes of the context, until the test ends.
type mute struct {
	slow
	inspect, logs bool // which question it is silent to
	end           chan struct{}
}

func (m *mute) Inspect(ctx context.Context, h deploy.Handle) (deploy.Status, error) {
	if m.inspect {
		<-m.end
	}
	return m.slow.Inspect(ctx, h)
}

func (m *mute) Logs(ctx context.Context, h deploy.Handle, lines int) ([]string, error) {
	if m.logs {
		<-m.end
	}
	return m.slow.Logs(ctx, h, lines)
}

func TestProviderThatDoesNotAnswer(t *testing.T) {
	tests := map[string]struct {
		provider *mute
		want     string
	}{
		"when asked for the server": {&mute{inspect: true}, "not ready within 5m0s (startup_timeout)"},
		"when asked for its log":    {&mute{logs: true}, "not ready within 5m0s (startup_timeout)"},
		"when asked how it died": {
			&mute{logs: true, slow: slow{status: deploy.Status{Gone: true, Detail: "pod failed"}}}, "the server ended during start-up: pod failed; it wrote nothing",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.provider.end = make(chan struct{})
				defer close(test.provider.end)
				start := time.Now()
				kind := deploy.New(test.provider)
				ledger := &deploytest.Ledger{}
				_, err := kind.Acquire(t.Context(), stage.Env{Now: time.Now}, stage.Task{Config: config(t, nil)}, ledger)
				if err == nil || !strings.Contains(err.Error(), test.want) || stage.ClassOf(err) != stage.Transient {
					t.Errorf("acquire = %v (%s), want %q", err, stage.ClassOf(err), test.want)
				}
				if took := time.Since(start); took > 6*time.Minute {
					t.Errorf("it failed after %s; want little more than the startup timeout", took)
				}
				if got := test.provider.destroyed.Load(); got != 1 {
					t.Errorf("destroyed %d times, want once", got)
				}
				start = time.Now()
				if err := kind.Release(t.Context(), stage.Env{}, ledger.Records()[0]); err != nil || time.Since(start) > 0 {
					t.Errorf("release = %v after %s; it asks nothing", err, time.Since(start))
				}
			})
		})
	}
}

// One silence in the middle of a start is no reason to give up.
func TestProviderThatIsSilentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &hesitant{slow: slow{status: deploy.Status{Detail: "waiting for a node"}}}
		_, err := deploy.New(provider).Acquire(t.Context(), stage.Env{Now: time.Now}, stage.Task{Config: config(t, nil)}, &deploytest.Ledger{})
		if stage.ReasonOf(err) != "timeout" || !strings.Contains(err.Error(), "waiting for a node") {
			t.Errorf("acquire = %v (%s); want the startup timeout", err, stage.ReasonOf(err))
		}
	})
}

// hesitant is a provider whose first answer is the end of its context.
type hesitant struct {
	slow
	asked atomic.Bool // an abandoned call may still be at it
}

func (h *hesitant) Inspect(ctx context.Context, handle deploy.Handle) (deploy.Status, error) {
	if !h.asked.Swap(true) {
		<-ctx.Done()
		return deploy.Status{}, ctx.Err()
	}
	return h.slow.Inspect(ctx, handle)
}

// jumpy is a provider with a bug in one of its answers.
type jumpy struct {
	slow
	logs bool // in its log; or else in what it says of the server
}

func (j *jumpy) Inspect(ctx context.Context, h deploy.Handle) (deploy.Status, error) {
	if !j.logs {
		panic("boom")
	}
	return j.slow.Inspect(ctx, h)
}

func (*jumpy) Logs(context.Context, deploy.Handle, int) ([]string, error) { panic("boom") }

// A provider that panics when it is asked fails the start at once, and what was created is destroyed.
func TestProviderThatPanics(t *testing.T) {
	for name, provider := range map[string]*jumpy{
		"when asked for the server": {},
		"when asked for its log":    {logs: true},
		"when asked how it died":    {logs: true, slow: slow{status: deploy.Status{Gone: true, Detail: "pod failed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := deploy.New(provider).Acquire(t.Context(), stage.Env{Now: time.Now}, stage.Task{Config: config(t, nil)}, &deploytest.Ledger{})
				if stage.ReasonOf(err) != stage.ReasonPanic || !strings.Contains(err.Error(), "deploy_test.(*jumpy).") {
					t.Errorf("acquire = %v (%s), want the panic with the provider's stack", err, stage.ReasonOf(err))
				}
				if took := time.Since(start); took > 10*time.Second {
					t.Errorf("it failed after %s, want at once", took)
				}
				if got := provider.destroyed.Load(); got != 1 {
					t.Errorf("destroyed %d times, want once", got)
				}
			})
		})
	}
}
