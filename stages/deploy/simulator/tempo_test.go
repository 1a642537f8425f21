package simulator

import (
	"math"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/virtualtest"
)

func TestTempo(t *testing.T) {
	metronome := hardware.Profile{Name: "metronome", HostSeconds: 0.020} // every step lasts 20 ms
	users := func(n ...int) []stage.Demand {
		var all []stage.Demand
		for _, n := range n {
			all = append(all, stage.Demand{Users: n, ISL: 100, OSL: 100})
		}
		return all
	}
	for _, c := range []struct {
		name       string
		cfg        simulator.Config
		demands    []stage.Demand
		processors int
		chunks     float64
		speed      float64
	}{
		{"nothing is known", simulator.Config{Speed: 500}, nil, 2, 0, 500},
		{"64 users", simulator.Config{Speed: 50}, users(64), 2, 3200, 7.5},
		{"the most of them", simulator.Config{Speed: 50}, users(16, 64, 32), 2, 3200, 7.5},
		{"what it carries", simulator.Config{Speed: 7.5}, users(64), 2, 3200, 7.5},
		{"two digits", simulator.Config{Speed: 50}, users(65), 2, 3250, 7.3},
		{"slower than the clock", simulator.Config{Speed: 1}, users(250), 1, 12500, 0.96},
		{"more processors", simulator.Config{Speed: 50}, users(64), 4, 3200, 15},
		{"more than have been measured", simulator.Config{Speed: 50}, users(64), 64, 3200, 30},
		{"several tokens a chunk", simulator.Config{Speed: 50, StreamInterval: 4}, users(64), 2, 800, 30},
		{"a batch is full", simulator.Config{Speed: 50, MaxNumSeqs: 16}, users(64), 2, 800, 30},
		{"a cache is full", simulator.Config{Speed: 50, KVCapacityTokens: 3200}, users(64), 2, 800, 30},
		{"a rate", simulator.Config{Speed: 100}, []stage.Demand{{RateRPS: 4, ISL: 100, OSL: 100}}, 2, 400, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Model, c.cfg.ProfileSpec = "Qwen3-8B-FP8", &metronome
			got, err := tempoOf(c.cfg, c.demands, c.processors)
			if err != nil || math.Abs(got.chunks-c.chunks) > 1e-6 || math.Abs(got.speed-c.speed) > 1e-9 {
				t.Errorf("%v chunks/s, speed %v, %v; want %v and %v", got.chunks, got.speed, err, c.chunks, c.speed)
			}
		})
	}
}

// The estimate is of the time in which all answers are written: a whole load, with its prompts, makes somewhat fewer.
func TestChunkRateIsThatOfTheModel(t *testing.T) {
	cfg := simulator.Config{Model: "Qwen3-8B-FP8"}
	estimate, err := chunkRate(cfg, stage.Demand{Users: 32, ISL: 64, OSL: 512})
	if err != nil {
		t.Fatal(err)
	}
	e, err := cfg.Engine()
	if err != nil {
		t.Fatal(err)
	}
	timings, err := virtualtest.Play(e, virtualtest.Load{Users: 32, Requests: 128, PromptTokens: 64, OutputTokens: 512})
	if err != nil {
		t.Fatal(err)
	}
	if played := virtualtest.Summarise(timings).ChunksPerSecond; played > estimate || played < 0.9*estimate {
		t.Errorf("%.0f chunks/s were estimated and %.0f played: want at most a tenth fewer", estimate, played)
	}
}

func TestLower(t *testing.T) {
	cfg := simulator.Config{Model: "Qwen3-8B-FP8", Speed: 1e6}
	said, err := lowerSpeed(&cfg, []stage.Demand{{Users: 4, ISL: 64, OSL: 64}})
	if err != nil || said == "" || cfg.Speed >= 1000 || cfg.Speed < 1 {
		t.Errorf("speed %v, said %q, %v: want a speed that some machine carries", cfg.Speed, said, err)
	}
	if again, err := lowerSpeed(&cfg, []stage.Demand{{Users: 4, ISL: 64, OSL: 64}}); err != nil || again != "" {
		t.Errorf("the lowered speed is lowered: %q, %v", again, err)
	}
	const want = "8 users make 400 chunks in a simulated second; at speed 100 that is 40000 in a second of the wall clock, of which this machine with 2 processors carries about 24000"
	if got := (tempo{asked: 100, speed: 60, demand: stage.Demand{Users: 8}, chunks: 400, processors: 2}).String(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := (tempo{demand: stage.Demand{RateRPS: 2.5}}).String()[:26]; got != "2.5 requests a second make" {
		t.Errorf("%q", got)
	}
}
