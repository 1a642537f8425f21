package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew/crewtest"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/plot"
)

// panicSuite has two cells on one deployment: the first one panics, the second is measured if the
// deployment outlives that.
const panicSuite = `
suite "s" { seed = 1 }
model "m" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}
provider "simulator" "p" { speed = 8 }
workload "w" {
  isl      = 64
  osl      = 128
  requests = 32
  warmup   = 0
}
benchmark "b" {
  model    = model.m
  provider = provider.simulator.p
  workload = workload.w
  gpu_type = "H100"
  trials   = 1
  matrix {
    users = [4, 2]
  }
}
`

// always is for a clock that panics each time.
const always = -1

// The whole program, with a bug in one of its goroutines: it ends with 1, the step that the bug is in says
// panic and where, and the journal says that every deployment is gone. If the bug is in a release the
// program ends with 7, and the next run releases what is left.
func TestAPanicEndsInATeardownAndAReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, function string
		after          int    // readings of the clock in function before the panic
		step           string // that fails; empty: the run ends as a whole
		cells          int    // that are measured nevertheless
		code           int
	}{
		{"a user", "traffic.(*Closed).user", 8, "load", 1, ExitError},
		{"a scrape", "scrape.(*Watch).watch", 0, "load", 1, ExitError},
		{"the loop that reads answers", "h1.(*loop).serve", 100, "load", 1, ExitError},
		{"the server", "simulator.(*driver).catchUp", 300, "load", 0, ExitError},
		{"the server at its start", "simulator.(*driver).run", 0, "deploy", 0, ExitError},
		{"the executor", "run.(*executor).tell", 2, "", 0, ExitError},
		{"a release, once", "run.world.release", 0, "teardown", 2, ExitError},
		{"a release, always", "run.world.release", always, "teardown", 2, ExitAlive},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			suite, runs := filepath.Join(dir, "suite.hcl"), filepath.Join(dir, "runs")
			if err := os.WriteFile(suite, []byte(panicSuite), 0o644); err != nil {
				t.Fatal(err)
			}
			clock := crewtest.After(tc.after, tc.function)
			if tc.after == always {
				clock = crewtest.Always(tc.function)
			}
			code, talk := runAt(clock.Now, suite, runs)
			if !clock.Fired() {
				t.Fatalf("%s has not read the clock so often; exit code %d\n%s", tc.function, code, talk)
			}
			if code != tc.code || !strings.Contains(talk, tc.function) || !strings.Contains(talk, crewtest.Boom) {
				t.Errorf("exit code %d, want %d and the stack of %s:\n%s", code, tc.code, tc.function, talk)
			}
			var failed []string
			cells := 0
			for line := range jsonLines(t, filepath.Join(runs, "latest", "events.jsonl")) {
				if line["type"] == "step_failed" && line["reason"] == stage.ReasonPanic {
					kind, _, _ := strings.Cut(line["step"].(string), ".")
					failed = append(failed, kind)
				}
				if line["type"] == "step_done" && strings.HasPrefix(line["step"].(string), "fetch-power") {
					cells++
				}
			}
			if got := strings.Join(failed, " "); got != tc.step || cells != tc.cells {
				t.Errorf("failed by a panic: %q, measured %d cells; want %q, %d", got, cells, tc.step, tc.cells)
			}
			left := alive(t, filepath.Join(runs, "journal.jsonl"))
			if (len(left) > 0) != (tc.code == ExitAlive) {
				t.Errorf("alive by the journal: %v", left)
			}
			if tc.code != ExitAlive {
				return
			}
			if code, talk := runAt(time.Now, suite, runs); code != ExitOK && code != ExitCells { // a busy machine measures cells that are not valid
				t.Errorf("the next run: exit code %d\n%s", code, talk)
			}
			if left := alive(t, filepath.Join(runs, "journal.jsonl")); len(left) > 0 {
				t.Errorf("alive after the next run: %v", left)
			}
		})
	}
}

// runAt runs a suite in this process by a clock.
func runAt(now func() time.Time, suite, runs string) (code int, talk string) {
	var out, stderr bytes.Buffer
	code = Main(&App{
		Args: []string{"run", "-dir", runs, suite}, Stdout: &out, Stderr: &stderr, Now: now,
		Getenv: func(string) string { return "" }, Quit: os.Exit, registry: programOf(plot.Of(nil)), // charts take their time
	})
	return code, out.String() + stderr.String()
}

// alive returns the last state of each resource that is not gone, by its token.
func alive(t *testing.T, journal string) map[string]any {
	t.Helper()
	states := map[string]any{}
	for line := range jsonLines(t, journal) {
		token := line["record"].(map[string]any)["token"].(string)
		if states[token] = line["state"]; line["state"] == "gone" {
			delete(states, token)
		}
	}
	return states
}

// jsonLines yields the objects of a file of JSON lines.
func jsonLines(t *testing.T, path string) func(func(map[string]any) bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(map[string]any) bool) {
		for line := range strings.Lines(string(text)) {
			object := map[string]any{}
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatal(err)
			}
			if !yield(object) {
				return
			}
		}
	}
}
