package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/strangeloopio/inferencex/"

// rule says what the packages below a folder may import of this repository. The first rule that fits a package holds. The table is the one of
// ARCHITECTURE.md.
type rule struct {
	packages string   // a pattern of path.Match, or a folder followed by /...
	may      []string // patterns likewise; where packages ends in ..., a package may also import what lies below it
	because  string
}

// data is what of schemas everything but the language's own users may import: nothing above schemas but the plan, the registry and the program knows
// the language.
var data = []string{"schemas/block", "schemas/workload/...", "schemas/gpu", "schemas/plural", "schemas/quantile", "schemas/result", "schemas/table"}

var rules = []rule{
	{"schemas/block/blocktest", []string{"schemas/block"}, ""},
	{"schemas/suite/...", []string{"schemas/suite/...", "schemas/block", "schemas/plural", "schemas/workload/..."}, "the language knows nothing of what it is used for"},
	{"schemas/workload/...", []string{"schemas/workload/...", "schemas/block"}, "a workload is described without the language"},
	{"schemas/table/tabletest", []string{"schemas/table"}, "it reads as other programs do"},
	{"schemas/table/...", []string{"pipeline/durable"}, "tables are read by programs that know no suite"},
	{"schemas/...", nil, "schemas are the bottom of the house"},
	{"pipeline/addr", nil, "addresses are plain names"},
	{crewPackage + "/...", nil, "goroutines know nothing of what they work at"},
	{"pipeline/dag", nil, "the graph is generic"},
	{"pipeline/durable/...", nil, "everything that writes state stands on it"},
	{"pipeline/event", with("pipeline/addr"), ""},
	{"pipeline/event/eventtest", []string{"pipeline/event"}, ""},
	{"pipeline/stage/revisiontest", []string{"pipeline/stage", "schemas/table/tabletest"}, ""},
	{"pipeline/stage/...", with("pipeline/addr"), "the contract must not know who keeps it"},
	{"pipeline/checkpoint", []string{"pipeline/addr", "pipeline/event", "pipeline/durable"}, ""},
	{"pipeline/journal", []string{"pipeline/addr", "pipeline/event", "pipeline/durable", "pipeline/stage"}, ""},
	{"pipeline/plan", []string{"schemas/...", "pipeline/addr", "pipeline/dag", "pipeline/stage", "pipeline/checkpoint", "pipeline/journal"}, ""},
	{"pipeline/sweep", []string{"pipeline/checkpoint", "pipeline/event", "pipeline/journal", "pipeline/plan", "pipeline/run"}, "it reads what a run writes"},
	{"pipeline/status", []string{"pipeline/addr", "pipeline/event", "pipeline/journal", "pipeline/plan", "pipeline/run"}, "it reads what a run writes"},
	{"pipeline/run", []string{"pipeline/...", "schemas/plural"}, "the plan is all that the executor knows: never a suite, never a stage"},
	{"stages/all", []string{"stages/...", "schemas/...", "pipeline/stage"}, "the registry"},
	{"stages/simulator/simtest", with("stages/simulator", "pipeline/stage", "pipeline/addr"), "a rig that tests of stages and providers run on"},
	{"stages/simulator/...", []string{"stages/simulator/...", "schemas/block", "schemas/gpu", "schemas/quantile"}, "a server knows nothing of what measures it"},
	{"stages/metric/...", with("stages/metric/...", "pipeline/stage"), ""},
	{"stages/chart/...", with("stages/chart/..."), "charts draw what they are given"},
	{"stages/client/...", with("stages/client/...", "pipeline/stage"), ""},
	{"stages/prompt", with("stages/client", "pipeline/stage"), ""},
	{"stages/traffic/arrival", nil, "a schedule knows nothing of what keeps it"},
	{"stages/traffic", with("stages/traffic/arrival", "stages/client", "stages/prompt", "pipeline/stage"), ""},
	{"stages/deploy", with("stages/deploy/startup", "stages/deploy/probe", "stages/client", "pipeline/stage", "pipeline/addr"), "the stage knows no provider by name"},
	{"stages/deploy/deploytest", with("stages/deploy", "schemas/block/blocktest", "pipeline/..."), ""},
	{"stages/deploy/simulator", with("stages/deploy", "stages/simulator/...", "pipeline/stage", "pipeline/addr"), "a provider never knows a sibling"},
	{"stages/deploy/*/...", with("stages/deploy", "stages/client", "pipeline/stage", "pipeline/addr"), "a provider never knows a sibling"},
	{"stages/*/...", with("pipeline/stage", "pipeline/addr", "stages/metric/...", "stages/chart/...", "stages/client/...", "stages/prompt", "stages/traffic/..."), "a kind never knows another kind, nor plan, run, checkpoint or journal"},
	{"configs", nil, "suites are data"},
	{"cmd/...", []string{"..."}, ""},
}

// crewPackage is for everyone above schemas who runs goroutines. Packages that may import nothing run none.
const crewPackage = "pipeline/crew"

// with is data and some more.
func with(more ...string) []string { return slices.Concat(more, data) }

// only says which one folder may import a module.
var only = map[string]string{
	"github.com/apache/arrow-go":       "schemas/table",
	"github.com/go-echarts/go-echarts": "stages/chart",
	"github.com/spf13/cobra":           "cmd/inferencex/internal/cli",
}

func TestImports(t *testing.T) {
	for _, pkg := range packages(t) {
		name := strings.TrimPrefix(pkg.ImportPath, module)
		r, ok := ruleOf(name)
		if !ok {
			t.Errorf("%s has no rule: add it to the table here and in ARCHITECTURE.md", name)
			continue
		}
		for _, imported := range slices.Concat(pkg.TestImports, pkg.XTestImports) {
			if local, ok := strings.CutPrefix(imported, module); ok && below(name, "stages") && below(local, "schemas/suite") {
				t.Errorf("a test of %s imports %s: apart from stages/all, no stage knows the language", name, local)
			}
		}
		for _, imported := range pkg.Imports {
			local, ok := strings.CutPrefix(imported, module)
			if ok && !allowed(r, name, local) {
				t.Errorf("%s imports %s: %s may import only %v (%s)", name, local, r.packages, r.may, r.because)
			}
			if ok && forTests(local) && !forTests(name) {
				t.Errorf("%s imports %s, which is for tests alone", name, local)
			}
			for mod, folder := range only {
				if strings.HasPrefix(imported, mod) && !below(name, folder) {
					t.Errorf("%s imports %s: only %s may", name, imported, folder)
				}
			}
		}
	}
}

// forTests reports whether a package holds what tests share, such as deploytest. Only tests, and packages like it, import it.
func forTests(name string) bool { return strings.HasSuffix(name, "test") }

func ruleOf(name string) (rule, bool) {
	for _, r := range rules {
		if matches(r.packages, name) {
			return r, true
		}
	}
	return rule{}, false
}

func allowed(r rule, name, imported string) bool {
	if strings.HasSuffix(r.packages, "/...") && below(imported, name) {
		return true
	}
	if parts := strings.Split(name, "/"); strings.HasPrefix(r.packages, "stages/deploy/*") && below(imported, strings.Join(parts[:3], "/")) {
		return true // within one provider
	}
	if parts := strings.Split(name, "/"); strings.HasPrefix(r.packages, "stages/*/") && below(imported, strings.Join(parts[:2], "/")) {
		return true // within one kind
	}
	if imported == crewPackage && len(r.may) > 0 && !below(name, "schemas") {
		return true
	}
	for _, pattern := range r.may {
		if matches(pattern, imported) {
			return true
		}
	}
	return false
}

// matches reports whether a package fits a pattern: segments match by path.Match, and a last segment ... stands for any depth, none too.
func matches(pattern, name string) bool {
	segments, parts := strings.Split(pattern, "/"), strings.Split(name, "/")
	if segments[len(segments)-1] == "..." {
		segments = segments[:len(segments)-1]
		if len(parts) < len(segments) {
			return false
		}
		parts = parts[:len(segments)]
	}
	if len(segments) != len(parts) {
		return false
	}
	for i := range segments {
		if ok, _ := path.Match(segments[i], parts[i]); !ok {
			return false
		}
	}
	return true
}

func below(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg listed
		err := dec.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pkg)
	}
}

func TestRulesCanFail(t *testing.T) {
	for _, tc := range []struct {
		name, imported string
		want           bool
	}{
		{"schemas/table", "schemas/suite", false},
		{"schemas/suite", "schemas/block", true},
		{"schemas/workload/trace", "schemas/suite", false},
		{"pipeline/stage", "schemas/suite", false},
		{"stages/load", "schemas/suite", false},
		{"stages/load", "schemas/workload/length", true},
		{"stages/simulator", "stages/deploy", false},
		{"stages/load", "stages/simulator", false},
		{"stages/simulator/simtest", "pipeline/stage", true},
		{"stages/simulator/simtest", "stages/deploy", false},
		{"stages/deploy/simulator", "stages/simulator", true},
		{"pipeline/run", "schemas/suite", false},
		{"pipeline/run", "pipeline/crew", true},
		{"stages/simulator", "pipeline/crew", true},
		{"pipeline/durable", "pipeline/crew", false},
		{"schemas/suite", "pipeline/crew", false},
		{"stages/load", "stages/power", false},
		{"stages/load", "stages/client", true},
		{"stages/load", "pipeline/plan", false},
		{"stages/deploy/process", "stages/deploy/simulator", false},
		{"stages/simulator/engine", "stages/simulator/hardware", true},
		{"stages/deploy", "stages/deploy/process", false},
		{"cmd/inferencex/internal/cli", "pipeline/run", true},
	} {
		r, ok := ruleOf(tc.name)
		if got := ok && allowed(r, tc.name, tc.imported); got != tc.want {
			t.Errorf("%s imports %s: allowed = %v, want %v", tc.name, tc.imported, got, tc.want)
		}
	}
}
