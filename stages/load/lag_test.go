package load_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// A load says how late a simulated server was with the load's own chunks, in simulated seconds, and says nothing of a server that is none.
func TestServerLag(t *testing.T) {
	const users, speed = 4, 10
	server, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: speed})
	cfg := cell(users)
	for i, simulated := range []bool{true, true, false} {
		endpoint.Simulated = simulated
		task := task(t, endpoint, cfg)
		if err := load.New().Run(t.Context(), environment(), task); err != nil {
			t.Fatal(err)
		}
		facts, err := measured.ReadLoad(task.Dir)
		if err != nil {
			t.Fatal(err)
		}
		got, chunks := facts.ServerLag, int64(users*8*64)
		if !simulated {
			chunks = 0
		}
		if got.Chunks != chunks || simulated != (0 < got.MeanSeconds && got.MeanSeconds < 10 && 0 < got.P99Seconds) {
			t.Errorf("load %d: %+v, want %d chunks", i, got, chunks)
		}
		// Within the first load everything was the load's: the server's own figure, of all its chunks, is of wall time.
		if all := server.Lag().Seconds() * speed; i == 0 && got.P99Seconds != all && got.P99Seconds < all/1.2 {
			t.Errorf("p99 %v s, the server itself has %v s", got.P99Seconds, all)
		}
		text, err := os.ReadFile(filepath.Join(task.Dir, "load.json"))
		if err != nil {
			t.Fatal(err)
		}
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(text, &raw); err != nil || (raw["server_lag"] != nil) != simulated {
			t.Errorf("load %d: %v, server_lag = %s", i, err, raw["server_lag"])
		}
	}
}
