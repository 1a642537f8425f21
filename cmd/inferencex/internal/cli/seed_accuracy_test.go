//go:build accuracy

package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/client/nullserver/controltest"
)

// TestAccuracySeedTable runs configs/seed-table.hcl as anyone would. Each cell has to be like the seed's
// once; one that says itself that this machine was too busy is measured again if it is not.
func TestAccuracySeedTable(t *testing.T) {
	alike := make([]bool, len(seedTable))
	controltest.Judge(t, func() controltest.Finding {
		rows, busy := runSeed(t)
		t.Log("\n" + sideBySide(rows))
		var apart, excused, late []string
		for i, want := range seedTable {
			off := offSeed(rows, i)
			alike[i] = alike[i] || len(off) == 0
			switch {
			case alike[i]:
			case busy[i]:
				excused = append(excused, off...)
				late = append(late, want.name+" was measured on a busy machine, as it says itself")
			default:
				apart = append(apart, off...)
			}
		}
		if len(apart) > 0 { // no other cell's machine explains these
			return controltest.Finding{Off: strings.Join(apart, "; ")}
		}
		return controltest.Finding{Off: strings.Join(excused, "; "), Late: strings.Join(late, "; ")}
	})
}

// runSeed measures the suite and reads its results, and which of them say that this machine could not write
// when it should have: the times of those are not the model's.
func runSeed(t *testing.T) (rows []seedRow, busy []bool) {
	t.Helper()
	path, _ := writeConfig(t, "seed-table")
	if code, _, talk := command("run", "-dir", path+".runs", "-var", "speed=3", path); code != ExitOK && code != ExitCells {
		t.Fatalf("exit code %d\n%s", code, talk)
	}
	results, err := result.Read(filepath.Join(path+".runs", "latest", "report", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range results.Cells {
		if c.Status != result.StatusOK {
			t.Fatalf("%s: %s", c.Cell, c.Failure)
		}
		busy = append(busy, slices.Contains(c.Reasons, "simulator_uneven") || slices.Contains(c.Reasons, "simulator_late"))
		rows = append(rows, seedRow{
			c.Cell, c.Metrics["output_tps_per_gpu"], c.Metrics["e2el_mean_s"], c.Metrics["interactivity_mean"], c.Metrics["ttft_mean_s"],
		})
	}
	if len(rows) != len(seedTable) {
		t.Fatalf("%d cells, want %d", len(rows), len(seedTable))
	}
	return rows, busy
}
