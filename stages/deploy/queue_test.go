package deploy_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// queueing is a provider that lets a server stand in its queue, and then lets it start for ever.
type queueing struct {
	slow
	until time.Time
}

func (q *queueing) Inspect(context.Context, deploy.Handle) (deploy.Status, error) {
	if time.Now().Before(q.until) {
		return deploy.Status{Queued: true, Detail: "3 jobs before it"}, nil
	}
	return deploy.Status{Detail: "loading"}, nil
}

func TestTheQueueIsNoPartOfTheStart(t *testing.T) {
	for name, tc := range map[string]struct {
		queued, may time.Duration
		took        time.Duration
		reason      string
		class       stage.ErrorClass
		message     string
	}{
		"room in time":  {20 * time.Minute, 30 * time.Minute, 25 * time.Minute, "timeout", stage.Transient, "not ready within 5m0s (startup_timeout): wait for the server (loading)"},
		"no room":       {20 * time.Minute, 10 * time.Minute, 10 * time.Minute, "capacity", stage.Quota, "3 jobs before it"},
		"no waiting":    {20 * time.Minute, 0, 0, "capacity", stage.Quota, "3 jobs before it"},
		"room at once":  {0, 30 * time.Minute, 5 * time.Minute, "timeout", stage.Transient, "not ready within 5m0s (startup_timeout)"},
		"just one wait": {30 * time.Second, time.Minute, 5*time.Minute + 30*time.Second, "timeout", stage.Transient, "(startup_timeout)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				provider := &queueing{until: start.Add(tc.queued)}
				_, err := deploy.New(provider).Acquire(t.Context(), stage.Env{Now: time.Now},
					stage.Task{Config: config(t, nil), QueueUntil: start.Add(tc.may)}, &deploytest.Ledger{})
				if err == nil || stage.ReasonOf(err) != tc.reason || stage.ClassOf(err) != tc.class || !strings.Contains(err.Error(), tc.message) {
					t.Errorf("%s %s: %v", stage.ClassOf(err), stage.ReasonOf(err), err)
				}
				// It looks every 15 seconds at most, so room is noticed that much late.
				if took := time.Since(start); took < tc.took || took > tc.took+longestPause {
					t.Errorf("it took %s, want %s", took, tc.took)
				}
				if provider.destroyed.Load() != 1 {
					t.Error("what stood in the queue was not taken back")
				}
			})
		})
	}
}

const longestPause = 15 * time.Second
