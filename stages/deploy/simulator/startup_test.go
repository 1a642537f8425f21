package simulator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
)

// Each way in which a server does not start is told apart by the deploy stage, from the words that such a server writes.
func TestFailedStartsByClass(t *testing.T) {
	for _, reason := range startup.Reasons() {
		t.Run(string(reason), func(t *testing.T) {
			_, err := acquire(t, qwen, `faults = [{ kind = "startup", class = "`+string(reason)+`" }]`, time.Hour)
			if err == nil || stage.ReasonOf(err) != string(reason) {
				t.Fatalf("acquire = %v (%s), want %s", err, stage.ReasonOf(err), reason)
			}
			var failure startup.Failure
			if !errors.As(err, &failure) || stage.ClassOf(err) != failure.Class || !strings.Contains(err.Error(), failure.Advice) {
				t.Errorf("acquire = %v (%s): want the advice and the class of %+v", err, stage.ClassOf(err), failure)
			}
			if want := "the server ended during start-up: the simulated server did not start: " + string(reason) + ": "; !strings.Contains(err.Error(), want) {
				t.Errorf("%v\ndoes not say %q", err, want)
			}
		})
	}
}

func TestFailedStartInWordsOfItsOwn(t *testing.T) {
	_, err := acquire(t, qwen, `faults = [{ kind = "startup", message = "boom\nEngineDeadError: EngineCore encountered an issue" }]`, time.Hour)
	if err == nil || stage.ReasonOf(err) != "engine_dead" || !strings.Contains(err.Error(), "did not start: engine_dead: EngineDeadError") {
		t.Errorf("acquire = %v (%s)", err, stage.ReasonOf(err))
	}
}
