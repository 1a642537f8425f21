package aggregate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// TestWhatLoadJSONSaysReachesTheReport reads load.json as the binary of an earlier commit wrote it, of a cold
// load whose prompts share 128 of their tokens. It protects two numbers that switch checks off where they are
// not found: a cold cell is told as cold, and what the server found of the shared prefix is no contamination.
func TestWhatLoadJSONSaysReachesTheReport(t *testing.T) {
	written, err := os.ReadFile("testdata/load.cold.json")
	if err != nil {
		t.Fatal(err)
	}
	over := "prefix_contaminated: 50 % of the input came from the prefix cache, 12 % was meant to"
	cold := "not_warmed_up: nothing was sent to the server before its first load"
	for name, tc := range map[string]struct {
		old, with string // what is edited in the file
		cached    int32  // input tokens of each request that the server had in its prefix cache
		says      []string
		never     string
	}{
		"as it was written": {"", "", 128, []string{cold}, "prefix_contaminated"},
		"more is cached":    {"", "", 512, []string{cold, over}, ""},
		"nothing is shared": {
			`"shared_prefix": 128`, `"shared_prefix": 0`, 128,
			[]string{"prefix_contaminated: 12 % of the input came from the prefix cache, 0 % was meant to"},
			"",
		},
		"warmed up": {`"cold": true,`, ``, 128, nil, "not_warmed_up"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(string(written), tc.old, tc.with, 1)
			if tc.old != "" && text == string(written) {
				t.Fatalf("the file has no %s", tc.old)
			}
			task := loadedTask(t, text, tc.cached)
			cell := run(t, task).Cells[0]
			report, err := os.ReadFile(filepath.Join(task.Dir, "report", "results.md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.says {
				begins := func(note string) bool { return strings.HasPrefix(note, want) }
				said := slices.ContainsFunc(cell.Notes, begins)
				code, _, _ := strings.Cut(want, ":")
				if !said || !strings.Contains(string(report), want) || !slices.Contains(cell.Reasons, code) {
					t.Errorf("no %q in %q or in the report:\n%s", want, cell.Notes, report)
				}
			}
			if tc.never != "" && slices.Contains(cell.Reasons, tc.never) {
				t.Errorf("reasons %q", cell.Notes)
			}
		})
	}
}

// loadedTask aggregates one cell whose load left this load.json and as many cached tokens in each request.
func loadedTask(t *testing.T, loadJSON string, cached int32) stage.Task {
	t.Helper()
	cell := cellConfig(16, 1)
	dir := loadDir(t, 16, 0.25)
	path := filepath.Join(dir, measured.RequestsFile)
	rows, meta, err := table.Read[table.Request](path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		rows[i].CachedTokens = &cached
	}
	if err := table.Write(path, rows, meta); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, measured.LoadFile), []byte(loadJSON), 0o644); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(stage.AggregateConfig{Suite: "demo", Cells: []stage.CellConfig{cell}})
	if err != nil {
		t.Fatal(err)
	}
	return stage.Task{Config: config, Dir: t.TempDir(), Inputs: []stage.Input{{Address: cell.Load, Dir: dir}}}
}
