package plan_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// A conversation has to fit into the server's context as a whole: its last prompt has all that was said before.
func TestConversationsFitTheContext(t *testing.T) {
	for name, tc := range map[string]struct {
		isl, more string
		context   int
		want      string
	}{
		"fits":                {"100", "turns = 4", 4 * 120, ""},
		"too long":            {"100", "turns = 4", 4*120 - 1, "With turns = 4, isl = 100 and osl = 20, workload \"w\" has conversations that grow to 480 tokens, but the server takes 479."},
		"shared on top":       {"100", "turns = 4\n  shared_prefix = 50", 4 * 120, "grow to 530 tokens"},
		"of one turn":         {"100", "turns = 1\n  shared_prefix = 50", 120, ""},
		"drawn":               {"100", "turns = { uniform = [2, 6] }", 6 * 120, ""},
		"drawn too long":      {"100", "turns = { uniform = [2, 6] }", 5 * 120, "With turns = uniform(2, 6)"},
		"always drawn longer": {"100", "turns = { normal = [9, 1] }", 5 * 120, "With turns = normal(9, 1)"},
		"prompts unbounded":   {"{ normal = [100, 1] }", "turns = 9", 5 * 120, "isl = normal(100, 1)"},
		"drawn without bound": {"{ normal = [100, 1] }", "turns = { normal = [3, 1] }", 10 * 130, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := build(t, tc.isl, "20\n  "+tc.more, nil, tc.context)
			if tc.want == "" {
				if diags.HasErrors() {
					t.Error(diags)
				}
				return
			}
			if !diags.HasErrors() || !strings.Contains(diags.Error(), tc.want) {
				t.Errorf("%v, want %s", diags, tc.want)
			}
		})
	}
}

// What a plan tells of conversations counts prompts that grow and users who think.
func TestConversationsInAPlan(t *testing.T) {
	p := planOf(t, "100", "20\n  turns = 4\n  think_time = \"2s\"\n  shared_prefix = 10", nil)
	load := measured(t, p)
	var cfg stage.LoadConfig
	var deploy stage.DeployConfig
	if err := json.Unmarshal(load.Config, &cfg); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(p.Steps[0].Config, &deploy); err != nil {
		t.Fatal(err)
	}
	if cfg.Workload.Requests != 4*16 || cfg.Workload.Turns.String() != "4" || cfg.Workload.ThinkTime.String() != "2s" {
		t.Errorf("%d requests in conversations of %s turns, with pauses of %s", cfg.Workload.Requests, cfg.Workload.Turns, cfg.Workload.ThinkTime)
	}
	// The four prompts have 110, 230, 350 and 470 tokens.
	if diff := cmp.Diff([]stage.Demand{{Users: 4, ISL: 290, OSL: 20}}, deploy.Demands); diff != "" {
		t.Errorf("demands (-want +got):\n%s", diff)
	}
	// Sixteen waves, with fifteen pauses, of 20 tokens at 25 ms and 290 at 0.1 ms.
	if want := 16*529*time.Millisecond + 15*2*time.Second; time.Duration(load.Expected) != want {
		t.Errorf("the load is expected to take %v, want %v", time.Duration(load.Expected), want)
	}
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Warmup && time.Duration(step.Expected) > 10*time.Second {
			t.Errorf("a warm-up, in which nobody pauses, is expected to take %v", time.Duration(step.Expected))
		}
	}
}

// Answers without a bound are drawn as prompts are, and count into every later prompt of their conversation.
func TestConversationsWithLongAnswers(t *testing.T) {
	for context, refused := range map[int]bool{9 * 150: false, 9 * 110: true} {
		_, diags := build(t, "100", "{ normal = [20, 1] }\n  turns = 9", nil, context)
		if diags.HasErrors() != refused {
			t.Errorf("nine turns of about 120 tokens where the server takes %d: %v", context, diags)
		}
	}
}
