package prompt_test

import (
	"context"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// The simulated server counts by rules of its own: what it says of a prompt is what was asked for, by either API.
func TestAgainstTheSimulator(t *testing.T) {
	server := simtest.Start(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 1000})
	c, err := client.New(client.Config{Endpoint: server.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for api, want := range map[string]prompt.Method{client.Chat: prompt.Tokenize, client.Completions: prompt.TokenIDs} {
		t.Run(api, func(t *testing.T) {
			source, err := prompt.Prepare(context.Background(), c, prompt.Spec{API: api, Shortest: 33, Longest: 777, Seed: 3, Scope: "x"})
			if err != nil {
				t.Fatal(err)
			}
			if fit := source.Fit(); fit.Method != want || !fit.Exact {
				t.Errorf("fit: %+v", fit)
			}
			for index, isl := range []int{777, 33, 34, 500, 121} {
				for _, purpose := range []prompt.Purpose{prompt.Measure, prompt.Warmup} {
					made, err := source.At(purpose, int64(index), isl)
					if err != nil {
						t.Fatal(err)
					}
					row := c.Complete(context.Background(), client.Request{API: api, Prompt: made, OSL: 2, Timeout: time.Hour})
					if row.Status != "ok" || row.ISL == nil || int(*row.ISL) != isl {
						t.Errorf("purpose %d: status %s (%s), isl %v, want %d", purpose, row.Status, row.Error, row.ISL, isl)
					}
				}
			}
		})
	}
}
