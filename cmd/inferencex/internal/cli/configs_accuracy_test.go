//go:build accuracy

package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/configs"
	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/client/nullserver/controltest"
)

// TestAccuracyConfigsRun measures the smallest cell of every suite that the program brings along, as far as
// it needs no more than the simulator. Each is valid, but on a machine that was too busy to be its server or
// its client.
func TestAccuracyConfigsRun(t *testing.T) {
	for _, name := range configs.Names() {
		t.Run(name, func(t *testing.T) {
			path, text := writeConfig(t, name)
			flags := []string{"-dir", path + ".runs", path}
			for variable, value := range map[string]string{"isl": "256", "osl": "32", "speed": "1"} { // short requests, and time to answer them
				if bytes.Contains(text, []byte(`variable "`+variable+`"`)) {
					flags = append(flags, "-var", variable+"="+value)
				}
			}
			smallest := smallestCell(t, flags)
			controltest.Judge(t, func() controltest.Finding { return measureCell(t, path, smallest, flags) })
		})
	}
}

// measureCell measures the one cell of a suite that has this address.
func measureCell(t *testing.T, path, address string, flags []string) (found controltest.Finding) {
	t.Helper()
	code, _, talk := command(append([]string{"run", "-target", address, "-replace", address}, flags...)...)
	results, err := result.Read(filepath.Join(path+".runs", "latest", "report", "results.json"))
	if err != nil || len(results.Cells) != 1 {
		t.Fatalf("exit code %d, %d results (%v)\n%s", code, len(results.Cells), err, talk)
	}
	cell := results.Cells[0]
	if cell.Status != result.StatusOK || cell.Address != address {
		t.Fatalf("exit code %d, %s is %s\n%s", code, cell.Address, cell.Status, talk)
	}
	if code != ExitOK || cell.Validity == result.Invalid {
		found.Off = fmt.Sprintf("exit code %d, the cell is %s: %v", code, cell.Validity, cell.Notes)
	}
	if slices.Contains(cell.Reasons, "client_limited") || slices.Contains(cell.Reasons, "simulator_late") {
		found.Late = fmt.Sprint(cell.Notes)
	}
	return found
}

// smallestCell plans a suite and returns the address of its cell with the fewest users, and the fewest GPUs
// under them.
func smallestCell(t *testing.T, flags []string) string {
	t.Helper()
	code, out, talk := command(append([]string{"plan", "-json"}, flags...)...)
	var p plan.Plan
	for documents := json.NewDecoder(strings.NewReader(out)); ; { // warnings come before the plan
		err := documents.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || code != ExitOK {
			t.Fatalf("plan: exit code %d, %v\n%s", code, err, talk)
		}
	}
	type cell struct {
		address addr.Step
		stage.LoadConfig
	}
	var cells []cell
	for _, step := range p.Steps {
		if step.Address.Kind != plan.Load {
			continue
		}
		c := cell{address: step.Address}
		if err := json.Unmarshal(step.Config, &c.LoadConfig); err != nil {
			t.Fatal(err)
		}
		if provider := c.Deployment.Provider.Type; !new(App).parts().Deploy().SimulatedByDesign(provider) {
			t.Skipf("its provider is %s", provider)
		}
		cells = append(cells, c)
	}
	return slices.MinFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.Users, b.Users), cmp.Compare(a.Deployment.GPUs, b.Deployment.GPUs))
	}).address.String()
}
