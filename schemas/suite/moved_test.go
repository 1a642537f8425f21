package suite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A benchmark that gets a for_each goes on as one of its elements.
func TestMovedIntoForEach(t *testing.T) {
	text := strings.Replace(cell, `benchmark "b" {`, "benchmark \"b\" {\n  for_each = toset([\"k 1\", \"k2\"])", 1) + `
moved {
  from = benchmark.b
  to   = benchmark.b["k 1"]
}
`
	s, files, diags := Load(filepath.Join(write(t, map[string]string{"s.hcl": text}), "s.hcl"), options())
	if len(diags) > 0 {
		t.Fatal(render(t, files, diags))
	}
	if diff := cmp.Diff([]string{"b"}, s.FormerNames("benchmark", "b.k-1")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if former := s.FormerNames("benchmark", "b.k2"); former != nil {
		t.Errorf("b.k2 was %v, want nothing", former)
	}
}

func TestFormerNames(t *testing.T) {
	s, files, diags := Load("testdata/valid/modules", options())
	if diags.HasErrors() {
		t.Fatal(render(t, files, diags))
	}
	tests := map[string]struct {
		kind, name string
		want       []string
	}{
		"never moved":       {"model", "outer", nil},
		"other kind":        {"workload", "here", nil},
		"chain":             {"benchmark", "here", []string{"there", "before"}},
		"made by for_each":  {"benchmark", "here.key", []string{"there.key", "before.key"}},
		"similar name":      {"benchmark", "hereabouts", nil},
		"with its module":   {"workload", "plain.w", []string{"single.w"}},
		"provider":          {"provider", "simulator.twice.s", []string{"simulator.twice.sim"}},
		"module and within": {"provider", "simulator.plain.s", []string{"simulator.single.s"}},
		"key in a module":   {"benchmark", "twice.b.mine", []string{"twice.b.ours"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, s.FormerNames(tt.kind, tt.name)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
