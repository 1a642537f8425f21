package load_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

// recording is a trace in Mooncake's form: 1 and 2 have their first 512 tokens in common, 0 and 3 all 1,500, and 4 has the blocks of 0 in another
// order; 5 tells of no blocks.
const recording = `{"timestamp": 9000, "input_length": 1500, "output_length": 4, "hash_ids": [1, 2, 3]}
{"timestamp": 9020, "input_length": 700, "output_length": 5, "hash_ids": [4, 5]}
{"timestamp": 9030, "input_length": 1600, "output_length": 6, "hash_ids": [4, 6, 7, 8]}
{"timestamp": 9100, "input_length": 1500, "output_length": 7, "hash_ids": [1, 2, 3]}
{"timestamp": 9150, "input_length": 1500, "output_length": 8, "hash_ids": [2, 1, 3]}
{"timestamp": 9200, "input_length": 600, "output_length": 9}
`

// replayed is a cell that repeats the recording.
func replayed(t *testing.T, api string, speed float64) (stage.LoadConfig, stage.Env) {
	t.Helper()
	recorded, err := trace.Read("r.jsonl", recording)
	if err != nil {
		t.Fatal(err)
	}
	recorded.Speed = speed
	env := environment()
	env.Library = workload.NewLibrary()
	env.Library.Traces.Add(recorded)
	in, out := recorded.Lengths()
	env.Library.Lengths.Add(in)
	env.Library.Lengths.Add(out)
	return stage.LoadConfig{
		Workload: stage.Workload{API: api, ISL: in, OSL: out, Requests: 6, Trace: recorded, IgnoreEOS: true},
		RateRPS:  recorded.MeanRPS(6), Trial: 1, Seed: 7,
	}, env
}

func TestTraceOnTheWire(t *testing.T) {
	cfg, env := replayed(t, "completions", 2)
	wire, task := onTheWire(t, load.New(), env, cfg)
	again, _ := onTheWire(t, load.New(), env, cfg)
	if diff := cmp.Diff(wire.sent, again.sent); diff != "" || len(wire.sent) != 6 {
		t.Errorf("%d requests; the second load differs:\n%s", len(wire.sent), diff)
	}
	all := rows(t, task.Dir)
	if diff := cmp.Diff([]int64{0, 10e6, 15e6, 50e6, 75e6, 100e6}, schedule(all)); diff != "" {
		t.Errorf("at twice the speed requests are due at (-want +got):\n%s", diff)
	}
	var prompts [][]int64
	var shared, lengths []int32
	for _, r := range all {
		var sent struct {
			Prompt    []int64 `json:"prompt"`
			MaxTokens int32   `json:"max_tokens"`
		}
		if err := json.Unmarshal([]byte(wire.sent[r.ID]), &sent); err != nil {
			t.Fatal(err)
		}
		prompts = append(prompts, sent.Prompt)
		shared, lengths = append(shared, *r.ISLShared), append(lengths, int32(len(sent.Prompt)), sent.MaxTokens)
	}
	if diff := cmp.Diff([]int32{1500, 4, 700, 5, 1600, 6, 1500, 7, 1500, 8, 600, 9}, lengths); diff != "" {
		t.Errorf("lengths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int32{0, 0, 512, 1500, 0, 0}, shared); diff != "" {
		t.Errorf("tokens in common with an earlier prompt (-want +got):\n%s", diff)
	}
	common := func(a, b []int64) (n int) {
		for n < len(a) && n < len(b) && a[n] == b[n] {
			n++
		}
		return n
	}
	if n := common(prompts[0], prompts[3]); n != 1500 {
		t.Errorf("prompts of the same blocks part after %d tokens", n)
	}
	if n := common(prompts[1], prompts[2]); n < 512 || n > 520 {
		t.Errorf("prompts with one block in common part after %d tokens", n)
	}
	if !slices.Equal(prompts[0][:512], prompts[4][512:1024]) || common(prompts[0], prompts[4]) > 8 {
		t.Error("a block has other tokens at another place")
	}
}

// A warm-up has the trace's lengths and none of its blocks.
func TestTraceIsNotWarmed(t *testing.T) {
	cfg, env := replayed(t, "completions", 1)
	measured, _ := onTheWire(t, load.New(), env, cfg)
	warm, _ := onTheWire(t, warmup.New(), env, stage.WarmupConfig{Workload: cfg.Workload, Users: 2, Requests: 6, Seed: 7})
	for id, body := range warm.sent {
		for _, other := range measured.sent {
			if prompt := body[strings.Index(body, `"prompt"`):]; strings.Contains(other, prompt[:100]) {
				t.Errorf("%s of the warm-up begins as a measured prompt: %s", id, prompt[:100])
			}
		}
	}
}

// A server with a prefix cache finds what requests have in common, on either API, and that is what was meant.
func TestTraceAndAPrefixCache(t *testing.T) {
	cache := true
	for _, api := range []string{"completions", "chat"} {
		t.Run(api, func(t *testing.T) {
			_, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 5, PrefixCache: &cache})
			cfg, env := replayed(t, api, 0.05)
			step := task(t, endpoint, cfg)
			if err := load.New().Run(t.Context(), env, step); err != nil {
				t.Fatal(err)
			}
			all := rows(t, step.Dir)
			slices.SortFunc(all, func(a, b table.Request) int { return int(a.Index - b.Index) })
			for i, want := range []float64{0, 0, 512, 1500, 0, 0} {
				r := all[i]
				if r.Status != "ok" || *r.ISL != r.ISLRequested || math.Abs(float64(*r.CachedTokens)-want) > 32 {
					t.Errorf("request %d: %s, %d tokens of %d, %d from the cache, want about %g", i, r.Status, *r.ISL, r.ISLRequested, *r.CachedTokens, want)
				}
			}
		})
	}
}

// A duration ends a trace before its last line.
func TestTraceEndsWithItsDuration(t *testing.T) {
	cfg, env := replayed(t, "completions", 1)
	cfg.Workload.Requests, cfg.Workload.Duration, cfg.Workload.Grace = 0, stage.Duration(150*time.Millisecond), stage.Duration(time.Minute)
	_, task := onTheWire(t, load.New(), env, cfg)
	if diff := cmp.Diff([]int64{0, 20e6, 30e6, 100e6}, schedule(rows(t, task.Dir))); diff != "" {
		t.Errorf("requests are due at (-want +got):\n%s", diff)
	}
}
