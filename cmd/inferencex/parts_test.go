package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPartsOfANight holds .ci/parts to its word: what is red, what is not, and that the parts after it run.
func TestPartsOfANight(t *testing.T) {
	t.Parallel()
	const ranAnyway = "this must not run"
	tests := map[string]struct {
		parts string
		code  int
		table []string
		want  string // a line of the output
	}{
		"all pass": {
			parts: "part one true\npart two 'cat fetched' 'echo it is here >fetched'",
			table: []string{"one ok", "two ok", "parts: 2 passed, 0 failed, 0 skipped"},
			want:  "it is here",
		},
		"a part fails": {
			parts: "part one 'exit 3'\npart two 'echo goes on'",
			code:  1,
			table: []string{"one FAILED exit code 3", "two ok", "parts: 1 passed, 1 failed, 0 skipped"},
			want:  "goes on",
		},
		"a part fails after its download": {
			parts: "part one false true",
			code:  1,
			table: []string{"one FAILED exit code 1", "parts: 0 passed, 1 failed, 0 skipped"},
			want:  "FAILED: one: exit code 1",
		},
		"a download fails": {
			parts: "part one 'echo " + ranAnyway + "' 'echo connecting; echo no such host >&2; echo; exit 6'\n" +
				"part two 'echo goes on'",
			table: []string{"one SKIPPED no such host", "two ok", "parts: 1 passed, 0 failed, 1 skipped"},
			want:  "SKIPPED: one: no such host",
		},
		"a download fails in silence": {
			parts: "part one 'echo " + ranAnyway + "' 'exit 22'",
			table: []string{
				"one SKIPPED the download ended with exit code 22",
				"parts: 0 passed, 0 failed, 1 skipped",
			},
			want: "SKIPPED: one: the download ended with exit code 22",
		},
		"a download cannot run": {
			parts: "part one 'echo " + ranAnyway + "' 'exit 127'",
			code:  1,
			table: []string{"one FAILED", "parts: 0 passed, 1 failed, 0 skipped"},
			want:  "FAILED: one: ",
		},
		"a download fails beside a part that does": {
			parts: "part one true 'exit 6'\npart two false\npart three true",
			code:  1,
			table: []string{
				"one SKIPPED the download ended with exit code 6", "two FAILED exit code 1", "three ok",
				"parts: 1 passed, 1 failed, 1 skipped",
			},
			want: "FAILED: two: exit code 1",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, code := runParts(t, tt.parts)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if strings.Contains(output, "\n"+ranAnyway) {
				t.Error("a part ran although its download had failed")
			}
			if !strings.Contains(output, "\n"+tt.want+"\n") {
				t.Errorf("no line %q", tt.want)
			}
			if diff := cmp.Diff(tt.table, tableOf(output)); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
			if t.Failed() {
				t.Logf("printed:\n%s", output)
			}
		})
	}
}

// runParts runs a script of parts in a folder of its own.
func runParts(t *testing.T, parts string) (output string, code int) {
	t.Helper()
	file, err := filepath.Abs("../../.ci/parts")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", ". \"$0\"\n"+parts+"\nparts_end", file)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

var (
	partSeconds = regexp.MustCompile(` +\d+ s `)
	spaces      = regexp.MustCompile(` +`)
)

// tableOf returns the rows of the table, without their times and columns, and the line after it.
func tableOf(output string) []string {
	_, table, _ := strings.Cut(output, "\npart ")
	_, table, _ = strings.Cut(table, "\n")
	var rows []string
	for line := range strings.Lines(table) {
		line = partSeconds.ReplaceAllString(line, " ")
		if line = strings.TrimSpace(spaces.ReplaceAllString(line, " ")); line != "" {
			rows = append(rows, line)
		}
	}
	return rows
}
