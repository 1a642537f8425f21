package run

import (
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// A step that runs without a timeout could hang for ever: such a plan is refused before any step begins.
func TestPlanWithoutATimeoutIsRefused(t *testing.T) {
	for name, policies := range map[string]map[string]plan.Policy{
		"no policy": {}, "no timeout": {"warmup": {Attempts: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			p := emptyPlan(3)
			p.Policies = policies
			_, err := newExecutor(Config{Plan: p})
			if err == nil || !strings.Contains(err.Error(), "has no timeout") {
				t.Errorf("the executor says %v", err)
			}
			for i := range p.Steps {
				p.Steps[i].Action = plan.Skip
			}
			if _, err := newExecutor(Config{Plan: p}); err != nil {
				t.Errorf("nothing runs, and the executor says %v", err)
			}
		})
	}
}
