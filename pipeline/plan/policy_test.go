package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// A kind that states no timeout could hang for ever: no plan is made with it, whatever the suite says.
func TestKindWithoutATimeout(t *testing.T) {
	for _, timeout := range []time.Duration{0, -time.Second} {
		silent := kinds()
		silent[plan.Warmup] = kind{plan.Warmup, silent[plan.Warmup].Class(), timeout}
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, "stage warmup states no timeout") {
					t.Errorf("with a timeout of %s it says %q", timeout, said)
				}
			}()
			draft, diags := plan.NewDraft(plan.Config{Suite: load(t, "testdata/rates.hcl"), Kinds: silent})
			t.Errorf("there is a draft %v with %v", draft, diags)
		}()
	}
}

// Only failures that may pass by themselves are tried again, unless the suite names other classes.
func TestRetries(t *testing.T) {
	for _, class := range []stage.ErrorClass{stage.Transient, stage.Permanent} {
		if got := (plan.Policy{}).Retries(class); got != (class == stage.Transient) {
			t.Errorf("by default, a failure that is %s is tried again: %v", class, got)
		}
		named := plan.Policy{RetryOn: []stage.ErrorClass{stage.Permanent}}
		if got := named.Retries(class); got != (class == stage.Permanent) {
			t.Errorf("with on = [permanent], a failure that is %s is tried again: %v", class, got)
		}
	}
}

// Each kind has a policy: its own timeout, or the suite's.
func TestPolicies(t *testing.T) {
	const said = "stage \"load\" {\n  timeout = \"3m\"\n  retry { attempts = 3 }\n  on_failure = \"stop\"\n}\n"
	p, diags := buildText(t, twoDeployments+said, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if len(p.Policies) != len(kinds()) {
		t.Errorf("%d policies for %d kinds", len(p.Policies), len(kinds()))
	}
	for kind, policy := range p.Policies {
		want := plan.Policy{Timeout: stage.Duration(time.Hour), Attempts: 1}
		if kind == plan.Load {
			want = plan.Policy{Timeout: stage.Duration(3 * time.Minute), Attempts: 3, Stop: true}
		}
		// The language's own:
		want.Backoff, want.RetryOn = stage.Duration(10*time.Second), []stage.ErrorClass{stage.Transient}
		if diff := cmp.Diff(want, policy); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}
