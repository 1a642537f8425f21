package simulator_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage/revisiontest"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/virtualtest"
)

var update = flag.Bool("update", false, "write testdata/revision.simulator.json anew")

// revised is what has the simulator's revision.
type revised struct{}

func (revised) Name() string  { return "simulator" }
func (revised) Revision() int { return simulator.Revision }

// TestRevision holds what servers do with a load, under every profile and on every GPU, to simulator.Revision: a change of it would otherwise pass for
// results that were sealed before.
func TestRevision(t *testing.T) {
	outputs := map[string]map[string]string{}
	for _, profile := range hardware.ProfileNames() {
		outputs[profile] = map[string]string{}
		for _, gpu := range hardware.GPUNames() {
			for _, gpus := range []int{1, 2} {
				outputs[profile][fmt.Sprintf("%s x%d", gpu, gpus)] = revisiontest.Digest([]byte(played(t, profile, gpu, gpus)))
			}
		}
	}
	r := start(t, simulator.Config{})
	_, answer := r.text(t, "POST", "/v1/completions", `{"model":"Qwen/Qwen3-8B-FP8","prompt":"Hello","max_tokens":100,"ignore_eos":true}`)
	var said struct {
		Choices []struct{ Text string }
		Usage   struct {
			Tokens int `json:"completion_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil || len(said.Choices) != 1 || said.Usage.Tokens != 100 {
		t.Fatalf("answer %s, %v", answer, err)
	}
	outputs["answer"] = map[string]string{"text": revisiontest.Digest([]byte(said.Choices[0].Text))}
	revisiontest.Hold(t, revised{}, outputs, *update)
}

// played is a load's timings and the power of its steps.
func played(t *testing.T, profile, gpu string, gpus int) string {
	t.Helper()
	cfg := simulator.Config{Model: "Qwen/Qwen3-8B-FP8", GPUType: gpu, GPUs: gpus, Profile: profile}
	e, err := cfg.Engine()
	if err != nil {
		t.Fatal(err)
	}
	timings, err := virtualtest.Play(e, virtualtest.Load{Users: 8, Requests: 24, PromptTokens: 512, OutputTokens: 64, Spread: .5})
	if err != nil {
		t.Fatal(err)
	}
	m, err := cfg.Machine()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, timing := range timings {
		fmt.Fprintln(&text, timing)
	}
	step := m.Step(hardware.Batch{Sequences: 9, Decode: 8, ContextTokens: 8 * 500, PrefillTokens: 512})
	fmt.Fprintf(&text, "%.9g s, %.6g W\n", step.Seconds, step.PowerWatts)
	return text.String()
}
