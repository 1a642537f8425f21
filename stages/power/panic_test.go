package power_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/crew/crewtest"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// A sampler that panics as it takes in a reading is told by the step that wants its readings, or else by
// the Close of the watch, and its process ends at once: nobody would read it.
func TestAPanicOfTheSampler(t *testing.T) {
	for name, fetch := range map[string]bool{"a step tells": true, "Close tells": false} {
		t.Run(name, func(t *testing.T) {
			const sampling = "power.(*sampler).add"
			t.Setenv(standIn, "stubborn") // a child of it prints, and neither listens to SIGTERM
			path := filepath.Join(t.TempDir(), "pid")
			t.Setenv(pidFile, path)
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			at := stage.Endpoint{URL: "http://127.0.0.1:8000", Power: stage.PowerSource{Kind: "nvidia-smi"}}
			options := fmt.Sprintf(`{"command":%s,"period":"10ms","pad":"50ms"}`, strconv.Quote(self))
			task := newTask(t, at, 2, options, begin.UnixNano(), begin.Add(time.Hour).UnixNano()) // none comes that late
			clock := crewtest.After(3, sampling)
			env := simtest.Env()
			env.Now = clock.Now
			kind := power.New(power.Config{})
			if task.Watch, err = kind.Watch(t.Context(), env, task); err != nil {
				t.Fatal(err)
			}
			told := func(err error) bool {
				return stage.ReasonOf(err) == stage.ReasonPanic && strings.Contains(err.Error(), sampling)
			}
			if fetch {
				if err := kind.Run(t.Context(), env, task); !told(err) {
					t.Errorf("the step: %v, want the panic with the stack of the sampler", err)
				}
				if err := kind.Run(t.Context(), env, task); !told(err) {
					t.Errorf("the next cell's step: %v, want the panic", err)
				}
			}
			child := processIn(t, path)
			for deadline := time.Now().Add(time.Minute); !clock.Fired() || alive(child); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the sampler has panicked: %v; its process runs: %v", clock.Fired(), alive(child))
				}
			}
			if err := task.Watch.Close(); told(err) == fetch || crew.PanicIn(err) == nil && err != nil {
				t.Errorf("Close = %v after the step had told it: %v", err, fetch)
			}
		})
	}
}
