package prompt_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// The simulated server counts by rules of its own: what it says of a prompt is what was asked for, by either API.
func TestAgainstTheSimulator(t *testing.T) {
	server, err := simulator.New(simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 1000})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(context.Background(), ln) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	info := server.Info()
	c, err := client.New(client.Config{Endpoint: stage.Endpoint{
		URL: "http://" + ln.Addr().String(), Model: info.Served[0], Clock: stage.ServerClock{Speed: info.Speed, EpochUnixNS: info.EpochUnixNS},
	}})
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
