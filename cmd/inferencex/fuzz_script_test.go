package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFuzzEndsRed holds .ci/fuzz to what is a failure of a target: everything but the end of its time, which
// Go 1.26 takes for one on a busy machine. A go command that prints and fails stands in for the real one.
func TestFuzzEndsRed(t *testing.T) {
	t.Parallel()
	const late = "--- FAIL: FuzzOne (10.09s)\n    context deadline exceeded\nFAIL\nexit status 1\n"
	tests := map[string]struct {
		output string
		code   string
		red    bool
		says   string
	}{
		"found nothing":       {output: "PASS\n", says: "PASS"},
		"the end of its time": {output: late, code: "1", says: "found nothing; its time ended"},
		"writes an input":     {output: late + "Failing input written to x\n", code: "1", red: true},
		"hangs":               {output: strings.Replace(late, "\nFAIL", "\n    hung\nFAIL", 1), code: "1", red: true},
		"says as much":        {output: strings.Replace(late, "context", "a_test.go:3: context", 1), code: "1", red: true},
		"another target":      {output: strings.ReplaceAll(late, "One", "OneMore"), code: "1", red: true},
		"does not build":      {output: "FAIL\tx [build failed]\n", code: "2", red: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a", "a_test.go"), "func FuzzOne(f *F) {}\nfunc FuzzTwo(f *F) {}\n", 0o644)
			write(t, filepath.Join(dir, "output"), tt.output, 0o644)
			stand := "case \"$*\" in *FuzzOne*) cat " + dir + "/output; exit " + tt.code + ";; esac\necho ran two\n"
			write(t, filepath.Join(dir, "bin", "go"), "#!/bin/sh\n"+stand, 0o755)
			script, err := filepath.Abs("../../.ci/fuzz")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "bash", script, "1s", dir)
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if red := err != nil; red != tt.red || strings.Contains(string(out), "failed: ./a:FuzzOne\n") != tt.red {
				t.Errorf("red: %v, want %v", red, tt.red)
			}
			if !strings.Contains(string(out), tt.says) || !strings.Contains(string(out), "ran two\n") {
				t.Errorf("want %q, and the next target", tt.says)
			}
			if t.Failed() {
				t.Logf("printed:\n%s", out)
			}
		})
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
