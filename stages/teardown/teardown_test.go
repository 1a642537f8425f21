package teardown_test

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/teardown"
)

var number = regexp.MustCompile(`after \d+ (try|tries)`)

// live is a resource that only has a record.
type live struct {
	stage.Live
	record stage.Record
}

func (l live) Record() stage.Record { return l.record }

func task(release func(context.Context) error) stage.Task {
	return stage.Task{Incarnation: &stage.Incarnation{
		Live: live{record: stage.Record{
			Token: "ix-12", ID: "sb-7", Deadline: time.Date(2026, 5, 1, 14, 30, 0, 0, time.FixedZone("", 7200)),
		}},
		Release: release,
	}}
}

func TestRetriesUntilAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := teardown.New().Run(t.Context(), stage.Env{}, task(func(context.Context) error {
			if tries++; tries < 5 {
				return errors.New("502 Bad Gateway")
			}
			return nil
		}))
		if err != nil || tries != 5 {
			t.Errorf("run = %v after %d tries; want success at the fifth", err, tries)
		}
	})
}

func TestGivesUp(t *testing.T) {
	tests := map[string]struct {
		release func(context.Context) error
		want    string
	}{
		"the provider refuses": {
			func(context.Context) error { return errors.New("403 Forbidden") },
			"sb-7 (token ix-12) may still be running after N tries to release it: 403 Forbidden (context deadline exceeded); " +
				"inferencex destroy with the same -dir tries again, and so does the next run; " +
				"its provider ends it at 2026-05-01T12:30:00Z",
		},
		"the provider is silent": {
			func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			"sb-7 (token ix-12) may still be running after N tries to release it: context deadline exceeded; " +
				"inferencex destroy with the same -dir tries again, and so does the next run; " +
				"its provider ends it at 2026-05-01T12:30:00Z",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				start := time.Now()
				tries := 0
				err := teardown.New().Run(ctx, stage.Env{}, task(func(ctx context.Context) error {
					tries++
					return test.release(ctx)
				}))
				if diff := cmp.Diff(test.want, number.ReplaceAllString(err.Error(), "after N tries")); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if got := stage.ReasonOf(err); got != teardown.ReasonStillRunning || stage.ClassOf(err) != stage.Permanent {
					t.Errorf("reason = %s, class = %s", got, stage.ClassOf(err))
				}
				if got := time.Since(start); got != 2*time.Minute {
					t.Errorf("it gave up after %s, want the whole time budget", got)
				}
				if tries < 1 || tries > 60 {
					t.Errorf("%d tries in two minutes", tries)
				}
			})
		})
	}
}

func TestNothingToRelease(t *testing.T) {
	if err := teardown.New().Run(t.Context(), stage.Env{}, stage.Task{}); err != nil {
		t.Errorf("run without an incarnation = %v", err)
	}
}
