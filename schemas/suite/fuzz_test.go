package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzLoad(f *testing.F) {
	for _, folder := range []string{"valid", "valid/*", "warning", "invalid", "invalid/*"} {
		for _, pattern := range []string{"*.hcl", "*.hcl.json"} {
			names, err := filepath.Glob(filepath.Join("testdata", folder, pattern))
			if err != nil {
				f.Fatal(err)
			}
			for _, name := range names {
				if filepath.Base(name) == "endless.hcl" {
					continue // its children are as slow as it is: FuzzEval looks at those
				}
				if text, err := os.ReadFile(name); err == nil { // folders are no seeds
					f.Add(text, strings.HasSuffix(name, ".json"))
				}
			}
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte, json bool) {
		path := filepath.Join(dir, "f.hcl")
		if json {
			path += ".json"
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		opt := options()
		opt.MaxCells = 200
		s, files, diags := Load(path, opt)
		if (s == nil) != diags.HasErrors() {
			t.Fatalf("suite %v with diagnostics %v", s, diags)
		}
		render(t, files, diags)
		if s == nil {
			return
		}
		for _, c := range s.Cells() {
			if c.Model == nil || c.Provider == nil || c.ISL < 1 || c.OSL < 1 || c.GPUs < 1 || (c.Users > 0) == (c.RateRPS > 0) || (c.Workload.Requests > 0) == (c.Workload.Duration > 0) {
				t.Fatalf("a cell that cannot be run: %+v", c)
			}
		}
	})
}
