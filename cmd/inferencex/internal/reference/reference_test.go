package reference_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/reference"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
)

// What is committed is what the program says: make gen writes it.
func TestCommittedReferences(t *testing.T) {
	for name, want := range map[string][]byte{"METRICS.md": reference.Metrics(), "TABLES.md": reference.Tables()} {
		got, err := os.ReadFile("../../../../schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date: run make gen (-want +got):\n%s", name, diff)
		}
	}
}

// Nothing that a run can report is left unsaid, and each row has all of its cells.
func TestEveryMetricAndCodeIsDocumented(t *testing.T) {
	text := string(reference.Metrics())
	for _, d := range metric.All() {
		if !strings.Contains(text, "\n| `"+d.Name+"` | ") {
			t.Errorf("metric %s is missing", d.Name)
		}
	}
	for _, r := range gate.Rules() {
		if !strings.Contains(text, "\n| `"+r.Code+"` | "+string(r.Severity)+" | "+r.Doc+" |\n") {
			t.Errorf("code %s is missing", r.Code)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| `") && strings.HasSuffix(line, "|  |\n") {
			t.Errorf("no meaning: %s", line)
		}
	}
}
