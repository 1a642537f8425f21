package suite

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/snippet"
	"github.com/strangeloopio/inferencex/schemas/suite/variable"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/tokenizer"
)

var update = flag.Bool("update", false, "write golden files anew; read each of them afterwards")

// options stand for a registry with two providers and three stages.
func options() Options {
	return Options{
		Providers: map[string]block.Body{
			"simulator": {Doc: "A simulated endpoint.", Args: []block.Arg{
				{Name: "speed", Type: cty.Number, Default: cty.NumberIntVal(1), Check: block.Positive, Doc: "Simulated seconds in one second."},
			}},
			"endpoint": {Doc: "A server that runs already.", Args: []block.Arg{
				{Name: "url", Type: cty.String, Required: true, Check: block.NotEmpty, Doc: "Where it is."},
				{Name: "api_key", Type: cty.String, Secret: true, Doc: "What lets one in."},
				{Name: "note", Type: cty.String, Provenance: true, Doc: "For the reader of results."},
			}},
		},
		Stages: map[string]block.Body{
			"deploy":      {},
			"load":        {Args: []block.Arg{{Name: "processes", Type: cty.Number, Default: cty.NumberIntVal(1), Check: block.Integer(1), Doc: "How many processes send."}}},
			"fetch-power": {Args: []block.Arg{{Name: "required", Type: cty.Bool, Default: cty.False, Doc: "Power must be there."}}},
		},
		Metrics: []string{"ttft_p50", "ttft_p99", "tpot_p99", "errors", "output_tps"},
		Units:   map[string]Unit{"ttft_p50": Seconds, "ttft_p99": Seconds, "tpot_p99": Seconds, "errors": Fraction, "output_tps": Number},
		Priced:  func(gpuType string) bool { return gpuType != "MI400" },
		Free:    map[string]bool{"endpoint": true},
		Charts:  []string{"panels", "pareto", "power"},
		Getenv: func(name string) string {
			return map[string]string{"HF_TOKEN": "hunter2-token", "USER": "ci", "ISL": "64"}[name]
		},
	}
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// render is what a terminal shows.
func render(t *testing.T, files map[string]*hcl.File, diags hcl.Diagnostics) string {
	t.Helper()
	var out bytes.Buffer
	if err := snippet.New(&out, files, 100, false).Write(diags); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// fixtures lists the suites of a folder: files, and folders of files. The name of a folder of JSON files ends in .json.
func fixtures(t *testing.T, folder, suffix string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", folder))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		json := strings.HasSuffix(e.Name(), ".json")
		if e.IsDir() && json == (suffix == ".hcl.json") || !e.IsDir() && strings.HasSuffix(e.Name(), suffix) {
			out = append(out, filepath.Join("testdata", folder, e.Name()))
		}
	}
	if len(out) == 0 {
		t.Fatalf("no fixtures in %s", folder)
	}
	return out
}

func TestValidSuites(t *testing.T) {
	for _, path := range fixtures(t, "valid", ".hcl") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, files, diags := Load(path, options())
			if len(diags) > 0 {
				t.Fatalf("unexpected diagnostics:\n%s", render(t, files, diags))
			}
			golden(t, strings.TrimSuffix(path, ".hcl")+".cells", describe(t, s))
		})
	}
}

// A suite means the same in JSON; only the places in the files differ.
func TestJSONTwins(t *testing.T) {
	twins := fixtures(t, "valid", ".hcl.json")
	for _, path := range fixtures(t, "valid", ".hcl") {
		if !slices.Contains(twins, path+".json") {
			t.Errorf("%s has no twin in JSON", path)
		}
	}
	for _, path := range twins {
		t.Run(filepath.Base(path), func(t *testing.T) {
			native, files, diags := Load(strings.TrimSuffix(path, ".json"), options())
			if diags.HasErrors() {
				t.Fatal(render(t, files, diags))
			}
			twin, files, diags := Load(path, options())
			if len(diags) > 0 {
				t.Fatalf("unexpected diagnostics:\n%s", render(t, files, diags))
			}
			places := cmp.FilterPath(func(p cmp.Path) bool {
				return p.Last().Type() == reflect.TypeFor[hcl.Range]() || p.Last().Type() == reflect.TypeFor[variable.Source]() || p.Last().String() == ".Files"
			}, cmp.Ignore())
			values := cmp.Comparer(cty.Value.RawEquals)
			tokenizers := cmp.Comparer(func(a, b *tokenizer.Tokenizer) bool { return (a == nil) == (b == nil) }) // whose files are compared by their digests
			datasets := cmp.Comparer(func(a, b *dataset.Dataset) bool { return a.Path == b.Path && a.Digest == b.Digest })
			texts := cmp.Comparer(func(a, b block.Text) bool { return a == b })
			if diff := cmp.Diff(native, twin, places, values, texts, tokenizers, datasets); diff != "" {
				t.Errorf("the twins differ (-hcl +json):\n%s", diff)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, path := range fixtures(t, "warning", ".hcl") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, files, diags := Load(path, options())
			golden(t, strings.TrimSuffix(path, ".hcl")+".diag", render(t, files, diags))
			if s == nil || diags.HasErrors() || len(diags) == 0 {
				t.Errorf("suite %v with %d diagnostics; want a suite and warnings only", s != nil, len(diags))
			}
		})
	}
}

func TestInvalidSuites(t *testing.T) {
	for _, suffix := range []string{".hcl", ".hcl.json"} {
		for _, path := range fixtures(t, "invalid", suffix) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				opt := options()
				opt.MaxCells = 500
				s, files, diags := Load(path, opt)
				golden(t, strings.TrimSuffix(path, ".hcl")+".diag", render(t, files, diags))
				if s != nil || !diags.HasErrors() {
					t.Error("a suite came out of it; want errors and none")
				}
				for _, d := range diags {
					if words := len(strings.Fields(d.Summary)); words < 2 || words > 5 {
						t.Errorf("summary %q has %d words; want 2 to 5", d.Summary, words)
					}
				}
			})
		}
	}
}

// describe writes a suite out, cell by cell.
func describe(t *testing.T, s *Suite) string {
	var b strings.Builder
	fmt.Fprintf(&b, "suite %s seed=%d salt=%q budget=$%g charts=%v\n", s.Name, s.Seed, s.Salt, s.Budget.USD, s.Report.Charts)
	for _, v := range s.Variables {
		fmt.Fprintf(&b, "var.%s = %s (%s)\n", strings.TrimPrefix(v.Module+"."+v.Name, "."), canonical(t, v.Value), v.Source.By)
	}
	for _, name := range slices.Sorted(maps.Keys(s.GPUs)) {
		g := s.GPUs[name]
		fmt.Fprintf(&b, "gpu.%s $%g/h of %s, %g W\n", g.Name, g.PricePerHourUSD, g.PriceAsOf, g.TDPWatts)
	}
	for _, m := range s.Models {
		if m.Tokenizer.Tokenizer != nil {
			fmt.Fprintf(&b, "model.%s tokenizer=%s %.12s\n", m.Name, m.Tokenizer.Path, m.Tokenizer.Digest)
		}
	}
	for _, e := range s.Engines {
		fmt.Fprintf(&b, "engine.%s kind=%s image=%s command=%q args=%q env=%v\n", e.Name, e.Kind, e.Image, e.Command, e.Args, e.Env)
	}
	for _, p := range s.Providers {
		fmt.Fprintf(&b, "provider.%s.%s %s quota=%v ttl=%s startup=%s\n", p.Type, p.Name, canonical(t, p.Config), p.Quota, p.TTL, p.StartupTimeout)
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Stages)) {
		p := s.Stages[kind]
		fmt.Fprintf(&b, "stage.%s timeout=%s attempts=%d backoff=%s on=%v on_failure=%s %s\n", p.Kind, p.Timeout, p.Attempts, p.Backoff, p.RetryOn, p.OnFailure, canonical(t, p.Config))
	}
	for _, w := range s.Workloads {
		if w.ExtraBody != nil || w.Headers != nil {
			fmt.Fprintf(&b, "workload.%s extra_body=%s headers=%v\n", w.Name, w.ExtraBody, w.Headers)
		}
	}
	for _, w := range s.Workloads {
		if d := w.Dataset; d != nil {
			fmt.Fprintf(&b, "workload.%s dataset=%s with %d entries unique=%t keep={%s} shared_prefix=%d\n", w.Name, d.Data.Path, len(d.Data.Entries), d.Unique, d.Keep, w.SharedPrefixTokens)
		}
	}
	for _, m := range s.Moved {
		fmt.Fprintf(&b, "moved %s %s → %s\n", m.Kind, m.From, m.To)
	}
	for _, bench := range s.Benchmarks {
		fmt.Fprintf(&b, "\nbenchmark.%s\n", bench.Name)
		for _, o := range bench.SLO {
			fmt.Fprintf(&b, "  slo %s %s = %g %s\n", o.Metric, o.Text, o.Limit, o.Unit)
		}
		for _, c := range bench.Cells {
			engine := "-"
			if c.Engine != nil {
				engine = c.Engine.Name
			}
			w := c.Workload
			talk := ""
			if !w.Turns.IsZero() || !w.Think.IsZero() {
				talk = fmt.Sprintf(" turns=%s think=%s", w.Turns, w.Think)
			}
			fmt.Fprintf(&b, "  %s %s %s.%s %dx%s %s %sx%s users=%d rate=%g requests=%d duration=%s warmup=%d %s%s trial %d/%d\n",
				c.Model.Name, engine, c.Provider.Type, c.Provider.Name, c.GPUs, c.GPUType, w.Name, c.Input, c.Output, c.Users, c.RateRPS,
				w.Requests, w.Duration, w.Warmup, w.Endpoint, talk, c.Trial, c.Trials)
		}
	}
	return b.String()
}

func canonical(t *testing.T, v cty.Value) string {
	t.Helper()
	out, err := block.CanonicalJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
