package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// BenchmarkLargeSuite reads, expands and plans a suite of 1,000 benchmark blocks and 10,000 cells, over an empty store. Beside the time it reports
// the memory that the process has taken from the system.
func BenchmarkLargeSuite(b *testing.B) {
	var text strings.Builder
	text.WriteString("suite \"large\" {}\nmodel \"m\" {\n  repo     = \"org/m\"\n  revision = \"0123456789012345678901234567890123456789\"\n}\n" +
		"provider \"fake\" \"p\" {}\nworkload \"w\" {\n  isl = 64\n  osl = 16\n}\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "benchmark \"b%d\" {\n  model    = model.m\n  provider = provider.fake.p\n  workload = workload.w\n  gpu_type = \"H100\"\n  trials   = 1\n  isl      = %d\n"+
			"  matrix {\n    gpus  = [1, 2]\n    users = [1, 2, 4, 8, 16]\n  }\n}\n", i, 64+i)
	}
	path := filepath.Join(b.TempDir(), "large.hcl")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	store, err := checkpoint.Open(filepath.Join(b.TempDir(), "store"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p, diags, err := plan.Build(plan.Config{Suite: load(b, path), Kinds: kinds(), Store: store})
		if err != nil || diags.HasErrors() || p.Cells() != 10_000 {
			b.Fatal(err, diags)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "MB")
}
