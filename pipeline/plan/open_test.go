package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// TestALoadLastsAsLongAsItsDuration protects the estimate, which budgets and a provider's time limit are held
// against: the ramp of an open loop is a part of its duration.
func TestALoadLastsAsLongAsItsDuration(t *testing.T) {
	p, diags, err := plan.Build(plan.Config{Suite: load(t, "testdata/rates.hcl"), Kinds: kinds()})
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	loads := 0
	for _, step := range p.Steps {
		if step.Address.Kind != plan.Load || !strings.Contains(step.Address.Key, "bursts") {
			continue
		}
		if loads++; time.Duration(step.Expected) != time.Minute {
			t.Errorf("%s is expected to take %v, want 1m0s", step.Address, time.Duration(step.Expected))
		}
	}
	if loads != 2 {
		t.Errorf("%d loads have a duration, want 2", loads)
	}
}
