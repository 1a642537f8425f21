package virtualtest_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateFit = flag.Bool("update-fit", false, "write the table of the simulator's README anew")

// TestFit plays the published rows of dense models on vLLM without a clock, holds the model to them, and holds the table of the simulator's
// README to what came out. `make fit` shows it.
func TestFit(t *testing.T) {
	groups, claimed := map[string]*deviations{}, &deviations{name: "all that is claimed"}
	for _, p := range readPublished(t) {
		tpot, watts := p.simulated(t)
		why, ok := p.claimed()
		name := fmt.Sprintf("%s %s, %s", p.model, p.weights(), p.gpu)
		if groups[name] == nil {
			groups[name] = &deviations{name: name, unclaimed: why}
		}
		groups[name].add(p, tpot, watts)
		if ok {
			claimed.add(p, tpot, watts)
		}
	}
	table := tabulate(groups, claimed)
	t.Log("\n" + table)
	if bias := mean(claimed.tpot, itself); math.Abs(bias) > 0.03 {
		t.Errorf("bias of TPOT %+.1f %%: want within 3 %%", 100*bias)
	}
	if mape := mean(claimed.tpot, math.Abs); mape > 0.06 {
		t.Errorf("MAPE of TPOT %.1f %%: want at most 6 %%; unseen groups have to stay within 9 %%", 100*mape)
	}
	rms := math.Sqrt(mean(claimed.watts, square))
	t.Logf("power of %d points: bias %+.1f %%, RMS %.1f %%", len(claimed.watts), 100*mean(claimed.watts, itself), 100*rms)
	if rms > 0.105 {
		t.Errorf("RMS of power %.1f %%: want at most 10.5 %%", 100*rms)
	}
	holdTable(t, table)
}

// deviations are simulated ÷ published − 1, row by row, of a group of rows.
type deviations struct {
	name        string
	tpot, watts []float64
	unclaimed   string // why nothing is claimed of it; empty: something is
}

func (d *deviations) add(p published, tpotSeconds, watts float64) {
	d.tpot = append(d.tpot, tpotSeconds/p.tpotSeconds-1)
	if p.wattsPerGPU > 0 {
		d.watts = append(d.watts, watts/p.wattsPerGPU-1)
	}
}

// row is a line of the table.
func (d *deviations) row() string {
	name := d.name
	if d.unclaimed != "" {
		name += " (not claimed)"
	}
	return fmt.Sprintf("| %s | %d | %+.1f %% | %.1f %% | %.0f %% | %.0f %% |\n", name, len(d.tpot),
		100*mean(d.tpot, itself), 100*mean(d.tpot, math.Abs), 100*mean(d.tpot, within(.15)), 100*mean(d.tpot, within(.30)))
}

// tabulate is a table in Markdown: what is claimed, their sum, and what is not.
func tabulate(groups map[string]*deviations, claimed *deviations) string {
	var rows, not []string
	for _, d := range groups {
		if d.unclaimed == "" {
			rows = append(rows, d.row())
		} else {
			not = append(not, d.row())
		}
	}
	slices.Sort(rows)
	slices.Sort(not)
	return "| model, GPU | n | bias of TPOT | MAPE | within 15 % | within 30 % |\n|---|--:|--:|--:|--:|--:|\n" +
		strings.Join(rows, "") + claimed.row() + strings.Join(not, "")
}

func mean(values []float64, of func(float64) float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += of(v)
	}
	return sum / float64(len(values))
}

func itself(v float64) float64 { return v }

func square(v float64) float64 { return v * v }

// within counts values that are no further from 0 than a bound.
func within(bound float64) func(float64) float64 {
	return func(v float64) float64 {
		if math.Abs(v) <= bound {
			return 1
		}
		return 0
	}
}

// holdTable compares the table with the README's between its marks, or with -update-fit puts it there.
func holdTable(t *testing.T, table string) {
	t.Helper()
	const path, begin, end = "../README.md", "<!-- fit-table -->\n", "<!-- /fit-table -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	held, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the README has no place for the table")
	}
	if *updateFit {
		if err := os.WriteFile(path, []byte(head+begin+table+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if held != table {
		t.Errorf("the README of the simulator has another table:\n%s\nwrite this one by make fit FLAGS=-update-fit", held)
	}
}
