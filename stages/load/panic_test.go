package load_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew/crewtest"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/load"
)

// A panic of any goroutine of a load ends it, though it would go on for ten minutes, and is its reason. No
// goroutine is left.
func TestAPanicOfAGoroutineEndsTheLoad(t *testing.T) {
	for _, tc := range []struct {
		name, function string
		after          int  // readings of the clock
		open           bool // an open loop
		progress       bool // it is not the clock but the view that panics
	}{
		{name: "a user", function: "traffic.(*Closed).user"},
		{name: "the dispatcher of an open loop", function: "traffic.(*Open).run.func1", open: true},
		{name: "a request of an open loop", function: "traffic.(*Open).converse", open: true},
		{name: "the loop that reads answers, before the load", function: "h1.(*loop).serve"},
		{name: "the loop that reads answers, within the load", function: "h1.(*loop).serve", after: 300},
		{name: "a scrape", function: "scrape.(*Watch).watch"},
		{name: "the watch of the machine", function: "load.(*machineWatch).watch"},
		{name: "what shows progress", function: "load.(*recorder).show.func1", progress: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, endpoint := simulate(t, fast)
			cfg := cell(8)
			cfg.Workload.Requests, cfg.Workload.Duration = 0, stage.Duration(50*time.Minute) // of the server's time
			if tc.open {
				cfg.Users, cfg.RateRPS = 0, 20
			}
			clock := crewtest.After(tc.after, tc.function)
			env := environment()
			env.Now = clock.Now
			if tc.progress {
				env.Progress = func(stage.Progress) { clock.Now() }
			}
			step := task(t, endpoint, cfg)
			err := load.New().Run(t.Context(), env, step)
			if !clock.Fired() {
				t.Fatalf("%s has not read the clock; the load ended with %v", tc.function, err)
			}
			if stage.ReasonOf(err) != stage.ReasonPanic || !strings.Contains(err.Error(), tc.function) {
				t.Errorf("reason %s: %v\nwant the panic, with the stack of its goroutine", stage.ReasonOf(err), err)
			}
			for _, left := range goroutines() {
				t.Errorf("still there: %s", left)
			}
		})
	}
}

// goroutines returns the stacks of those that work at a load, its own aside.
func goroutines() []string {
	text := make([]byte, 1<<20)
	text = text[:runtime.Stack(text, true)]
	var found []string
	for stack := range bytes.SplitSeq(text, []byte("\n\n")) {
		for _, room := range []string{"/stages/traffic.", "/stages/client", "/stages/load/scrape.", "/stages/load."} {
			if bytes.Contains(stack, []byte(room)) && !bytes.Contains(stack, []byte("testing.tRunner")) {
				found = append(found, string(stack))
				break
			}
		}
	}
	return found
}
