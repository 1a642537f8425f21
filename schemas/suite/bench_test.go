package suite

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// large is a suite of 1,000 benchmarks with 10 cells each, in which every benchmark refers to values and has a condition.
func large() string {
	var b strings.Builder
	b.WriteString(strings.Split(cell, "benchmark")[0])
	b.WriteString("\nlocals {\n  users = pow2(1, 16)\n  isl = [for n in range(1000) : 64 + n]\n}\n")
	for i := range 1000 {
		fmt.Fprintf(&b, `
benchmark "b%d" {
  description = "Number %d, for ${model.m.name}."
  model       = model.m
  provider    = provider.simulator.s
  workload    = workload.w
  gpu_type    = "H100"
  isl         = local.isl[%d]
  trials      = 1
  matrix {
    gpus  = [1, 2]
    users = local.users
    when  = cell.users * cell.gpus < 1000
  }
  slo {
    ttft_p99 = "2s"
  }
}
`, i, i, i)
	}
	return b.String()
}

// BenchmarkLoad decodes and expands 1,000 benchmark blocks into 10,000 cells.
func BenchmarkLoad(b *testing.B) {
	benchmarkLoad(b, large())
}

// BenchmarkLoadMatrix expands one matrix into 10,000 cells.
func BenchmarkLoadMatrix(b *testing.B) {
	benchmarkLoad(b, strings.Replace(cell, "users    = 2\n  trials   = 1", "trials = 4\n  matrix {\n    gpus = [1, 2, 4, 8, 16]\n    users = range(1, 51)\n    isl = [128, 256, 512, 1024, 2048, 3072, 4096, 5120, 6144, 8192]\n  }", 1))
}

func benchmarkLoad(b *testing.B, text string) {
	path := filepath.Join(write(b, map[string]string{"s.hcl": text}), "s.hcl")
	b.ReportAllocs()
	for b.Loop() {
		s, _, diags := Load(path, options())
		if diags.HasErrors() || len(s.Cells()) != 10_000 {
			b.Fatal(diags)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapSys-m.HeapReleased)/1e6, "heap-MB")
}
