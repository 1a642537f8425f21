package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

func TestErrorsKeepTheirClassThroughWrapping(t *testing.T) {
	for _, tc := range []struct {
		err    error
		class  ErrorClass
		reason string
	}{
		{errors.New("x"), Permanent, "error"},
		{fmt.Errorf("deploy: %w", Failf(Transient, "capacity", "no H100 free")), Transient, "capacity"},
		{fmt.Errorf("load: %w", context.Canceled), Canceled, "canceled"},
		{fmt.Errorf("load: %w", context.DeadlineExceeded), Permanent, "timeout"},
		{Fail(Quota, "", errors.New("x")), Quota, "error"},
		{Fail(Transient, "endpoint_gone", fmt.Errorf("dial: %w", &crew.Panic{Value: "boom"})), Permanent, "panic"},
	} {
		if got := ClassOf(tc.err); got != tc.class {
			t.Errorf("%v: class %s, want %s", tc.err, got, tc.class)
		}
		if got := ReasonOf(tc.err); got != tc.reason {
			t.Errorf("%v: reason %s, want %s", tc.err, got, tc.reason)
		}
	}
	if Fail(Transient, "x", nil) != nil {
		t.Error("no error becomes one")
	}
}

// TestClockOfASimulatedServer: at four simulated seconds a second, a client that starts ten seconds after the server's epoch begins at forty
// simulated seconds after it, and a wall second is four of its own.
func TestClockOfASimulatedServer(t *testing.T) {
	epoch := time.Unix(1_000_000, 0)
	now := epoch.Add(10 * time.Second)
	clock := NewClock(func() time.Time { return now }, ServerClock{Speed: 4, EpochUnixNS: epoch.UnixNano()})
	if got := time.Duration(clock.UnixNS(0) - epoch.UnixNano()); got != 40*time.Second {
		t.Errorf("starts at %s, want 40s", got)
	}
	now = now.Add(time.Second)
	if got := time.Duration(clock.NowNS()); got != 4*time.Second {
		t.Errorf("a wall second is %s, want 4s", got)
	}
	if got := clock.Wall(4 * time.Second); got != time.Second {
		t.Errorf("four simulated seconds last %s, want 1s", got)
	}
}

func TestClockOfARealServer(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	clock := NewClock(func() time.Time { return now }, ServerClock{})
	now = now.Add(1500 * time.Millisecond)
	if got := clock.NowNS(); got != 1_500_000_000 || clock.UnixNS(got) != now.UnixNano() || clock.Wall(time.Minute) != time.Minute {
		t.Errorf("%d ns, unix %d", got, clock.UnixNS(got))
	}
}

func TestDurationIsAStringInJSON(t *testing.T) {
	text, err := json.Marshal(Duration(90 * time.Second))
	if err != nil || string(text) != `"1m30s"` {
		t.Errorf("%s, %v", text, err)
	}
	var d Duration
	if err := json.Unmarshal([]byte(`"20m"`), &d); err != nil || d != Duration(20*time.Minute) {
		t.Errorf("%v, %v", d, err)
	}
	if err := json.Unmarshal([]byte(`"soon"`), &d); err == nil {
		t.Error("a word is a duration")
	}
}
