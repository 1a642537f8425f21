package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

const (
	// letters is a tokenizer for which each of some letters is a token.
	letters = `{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "Ġ": 2}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}`
	// twenty prompts of 10, 20, … 200 letters, with answers of 5, 10, … 100.
	twenty = 20
)

func textual() map[string]string {
	var lines, recorded strings.Builder
	for i := 1; i <= twenty; i++ {
		fmt.Fprintf(&lines, "{\"prompt\": %q, \"completion\": %q}\n", strings.Repeat("a", 10*i), strings.Repeat("b", 5*i))
		fmt.Fprintf(&recorded, "{\"prompt\": %q, \"output_tokens\": %d}\n", strings.Repeat("a", 10*i), 5*i)
	}
	talk := fmt.Sprintf(`{"conversations": [{"from": "human", "value": %q}, {"from": "gpt", "value": %q}, {"from": "human", "value": %q}, {"from": "gpt", "value": %q}, {"from": "human", "value": "a"}]}`,
		strings.Repeat("a", 10), strings.Repeat("b", 20), strings.Repeat("a", 30), strings.Repeat("b", 40))
	return map[string]string{"letters.json": letters, "p.jsonl": lines.String(), "r.jsonl": recorded.String(), "talk.jsonl": talk}
}

// buildTexts plans lengthy with these lines in its workload, with or without a tokenizer, for a server with this context.
func buildTexts(t *testing.T, workload string, tokenizer bool, context int) (*plan.Plan, hcl.Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range textual() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.NewReplacer("  ISL\n", workload+"\n", "  OSL\n", "").Replace(lengthy)
	if tokenizer {
		text = strings.Replace(text, "  repo     = \"org/m\"\n", "  repo = \"org/m\"\n  tokenizer = \"letters.json\"\n", 1)
	}
	path := filepath.Join(dir, "s.hcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags, err := plan.Build(plan.Config{
		Suite: load(t, path), Kinds: kinds(), Providers: providers{context: context},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, diags
}

// cellConfig is that of the plan's one cell.
func cellConfig(t *testing.T, p *plan.Plan) stage.CellConfig {
	t.Helper()
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Aggregate {
			var cfg stage.AggregateConfig
			if err := json.Unmarshal(step.Config, &cfg); err != nil {
				t.Fatal(err)
			}
			return cfg.Cells[0]
		}
	}
	t.Fatal("the plan has no aggregate")
	return stage.CellConfig{}
}

// A plan says what is known of the prompts that are sent: how many there are, and how long where somebody counts. What is only guessed is in no label.
func TestPromptsOfAPlan(t *testing.T) {
	answers := &plan.Quantiles{P50: 50, P90: 90, P99: 95, Max: 100}
	for name, tt := range map[string]struct {
		workload  string
		tokenizer bool
		want      plan.Prompts
		isl, osl  int
	}{
		"nobody counts":      {`dataset = "p.jsonl"` + "\n osl = 8", false, plan.Prompts{Entries: twenty, Counted: twenty}, 0, 8},
		"answers are known":  {`dataset = "r.jsonl"`, false, plan.Prompts{Entries: twenty, Counted: twenty, Output: answers, OutputMean: 53}, 0, 53},
		"a tokenizer counts": {`dataset = "p.jsonl"`, true, plan.Prompts{Entries: twenty, Counted: twenty, Model: "m", Input: &plan.Quantiles{P50: 100, P90: 180, P99: 190, Max: 200}, Output: answers, OutputMean: 53}, 105, 53},
		"some are kept": {`dataset = "p.jsonl"` + "\n osl = 8\n keep = { max_isl = 50 }", true, plan.Prompts{
			Entries: twenty, Counted: twenty, Keep: "max_isl = 50", Model: "m", Input: &plan.Quantiles{P50: 30, P90: 50, P99: 50, Max: 50},
		}, 30, 8},
	} {
		t.Run(name, func(t *testing.T) {
			p, diags := buildTexts(t, tt.workload, tt.tokenizer, 0)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if len(p.Prompts) != 1 {
				t.Fatalf("%d datasets", len(p.Prompts))
			}
			got := p.Prompts[0]
			if got.Path == "" || len(got.SHA256) != 64 {
				t.Errorf("%q with the digest %q", got.Path, got.SHA256)
			}
			got.Path, got.SHA256 = "", ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if l := cellConfig(t, p); l.ISL != tt.isl || l.OSL != tt.osl {
				t.Errorf("the cell is labelled with %d and %d tokens, want %d and %d", l.ISL, l.OSL, tt.isl, tt.osl)
			}
		})
	}
}

// What is known to be too long for its server is refused, with its place and with what to do about it, and only that.
func TestContextOfTexts(t *testing.T) {
	for name, tt := range map[string]struct {
		workload  string
		tokenizer bool
		context   int
		want      string // empty: no error
	}{
		"fits":                {`dataset = "p.jsonl"`, true, 308, ""},
		"words in front":      {`dataset = "p.jsonl"`, true, 307, "asks p.jsonl:20, which comes to 308 tokens, input and output together, but the server takes 307. Leave out what is too long, by keep = { max_total = 299 }, or let the engine have a longer context."},
		"as they are":         {"dataset = \"p.jsonl\"\n unique = false", true, 300, ""},
		"behind a prefix":     {"dataset = \"p.jsonl\"\n shared_prefix = 100", true, 407, "comes to 408 tokens"},
		"answers of a length": {"dataset = \"p.jsonl\"\n osl = 64", true, 250, "asks p.jsonl:20, which comes to 272 tokens, input and output together, but the server takes 250. Leave out what is too long, by keep = { max_isl = 178 }, or let the engine have a longer context."},
		"answers up to it":    {"dataset = \"p.jsonl\"\n osl = { uniform = [8, 64] }", true, 240, "by keep = { max_isl = 168 }"},
		"what is kept fits":   {"dataset = \"p.jsonl\"\n osl = 64\n keep = { max_isl = 178 }", true, 250, ""},
		"conversation":        {"dataset = \"talk.jsonl\"\n endpoint = \"chat\"\n turns = 9", true, 107, "asks talk.jsonl:1, whose conversation grows to 108 tokens, input and output together, but the server takes 107. Have fewer turns, or let the engine have a longer context."},
		"all of it fits":      {"dataset = \"talk.jsonl\"\n endpoint = \"chat\"\n turns = 9", true, 108, ""},
		"some turns of it":    {"dataset = \"talk.jsonl\"\n endpoint = \"chat\"\n turns = 1", true, 38, ""},
		"its last question":   {"dataset = \"talk.jsonl\"\n endpoint = \"chat\"\n turns = 9\n osl = 10", true, 78, "grows to 79 tokens"},
		"nobody counts":       {"dataset = \"p.jsonl\"\n osl = 64", false, 50, ""},
		"no end but a time":   {"dataset = \"p.jsonl\"\n duration = \"9s\"", true, 307, "comes to 308 tokens"},
		"none is kept":        {"dataset = \"p.jsonl\"\n keep = { min_isl = 999 }", true, 250, `Workload "w" has nothing to ask: none of the 20 entries of p.jsonl is within keep = { min_isl = 999 }: widen it.`},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := buildTexts(t, tt.workload, tt.tokenizer, tt.context)
			if got := diags.Error(); tt.want == "" && diags.HasErrors() || !strings.Contains(got, tt.want) {
				t.Errorf("%s\nwant %q", got, tt.want)
			}
		})
	}
}

// Prompts are told once for all cells that ask the same entries of the same file and have them counted by the
// same model, with the recorded answers if any of these cells asks for them.
func TestPromptsAreToldOnce(t *testing.T) {
	workload := func(name, more string) string { return "workload \"" + name + "\" {\n  " + more + "\n}\n" }
	benchmark := func(model string, workloads ...string) string {
		return "benchmark \"" + model + "\" {\n  model = model." + model + "\n  provider = provider.fake.p\n" +
			"  gpu_type = \"H100\"\n  users = 4\n  trials = 1\n" +
			"  matrix { workload = [workload." + strings.Join(workloads, ", workload.") + "] }\n}\n"
	}
	const models = "suite \"s\" {}\nprovider \"fake\" \"p\" {}\n" +
		"model \"m\" {\n  repo = \"org/m\"\n  revision = \"main\"\n  tokenizer = \"letters.json\"\n}\n" +
		"model \"n\" {\n  repo = \"org/n\"\n  revision = \"main\"\n}\n"
	text := models +
		workload("short", "dataset = \"p.jsonl\"\n  osl = 8") + workload("own", "dataset = \"p.jsonl\"") +
		workload("kept", "dataset = \"p.jsonl\"\n  osl = 8\n  keep = { max_isl = 50 }") +
		workload("recorded", "dataset = \"r.jsonl\"") + workload("given", "dataset = \"r.jsonl\"\n  osl = 8") +
		benchmark("m", "short", "own", "kept", "recorded", "given") + benchmark("n", "given", "recorded")
	p, diags := buildText(t, text, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, told := range p.Prompts {
		got = append(got, fmt.Sprintf("%s by %q keeps %q: answers of %d, counted %v",
			filepath.Base(told.Path), told.Model, told.Keep, told.OutputMean, told.Output != nil))
	}
	want := []string{
		`p.jsonl by "m" keeps "": answers of 53, counted true`,
		`p.jsonl by "m" keeps "max_isl = 50": answers of 0, counted false`,
		`r.jsonl by "m" keeps "": answers of 53, counted true`,
		`r.jsonl by "" keeps "": answers of 53, counted true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
