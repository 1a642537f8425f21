package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/strangeloopio/inferencex/configs"
	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
)

// TestConfigs holds every suite that the program brings along: it is formatted, and it plans, for each provider that it offers.
func TestConfigs(t *testing.T) {
	for _, name := range configs.Names() {
		t.Run(name, func(t *testing.T) {
			path, text := writeConfig(t, name)
			if formatted := hclwrite.Format(text); !bytes.Equal(text, formatted) {
				t.Errorf("not formatted: inferencex fmt configs")
			}
			variants := [][]string{{}}
			if bytes.Contains(text, []byte(`variable "provider"`)) {
				variants = append(variants, []string{"-var", "provider=modal", "-var", "workspace=acme"})
			}
			for _, flags := range variants {
				code, out, talk := command(append([]string{"plan", "-dir", path + ".runs", path}, flags...)...)
				if code != ExitOK || !strings.Contains(out, "to measure on") {
					t.Errorf("plan %v: exit code %d\n%s", flags, code, talk)
				}
			}
		})
	}
}

// writeConfig puts a suite into a folder of its own, with the files that it reads.
func writeConfig(t *testing.T, name string) (path string, text []byte) {
	t.Helper()
	files, err := configs.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0].Name), files[0].Text
}

// command runs one command in this process.
func command(args ...string) (code int, out, talk string) {
	var stdout, stderr bytes.Buffer
	code = Main(&App{Args: args, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }, Now: time.Now, Quit: os.Exit})
	return code, stdout.String(), stderr.String()
}

// attempts is how often a cell may be measured until it is valid: whoever else uses this machine can keep the client from its work.
const attempts = 3

// TestConfigsRun measures the smallest cell of every suite that the program brings along, as far as it needs no more than the simulator.
func TestConfigsRun(t *testing.T) {
	if testing.Short() {
		t.Skip("measures a cell of every suite")
	}
	for _, name := range configs.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time it waits for its server
			path, text := writeConfig(t, name)
			flags := []string{"-dir", path + ".runs", path}
			for variable, value := range map[string]string{"isl": "256", "osl": "32", "speed": "1"} { // short requests, and time to answer them
				if bytes.Contains(text, []byte(`variable "`+variable+`"`)) {
					flags = append(flags, "-var", variable+"="+value)
				}
			}
			smallest := smallestCell(t, flags)
			for attempt := 1; ; attempt++ {
				code, _, talk := command(append([]string{"run", "-target", smallest, "-replace", smallest}, flags...)...)
				results, err := result.Read(filepath.Join(path+".runs", "latest", "report", "results.json"))
				if err != nil || len(results.Cells) != 1 {
					t.Fatalf("exit code %d, %d results (%v)\n%s", code, len(results.Cells), err, talk)
				}
				cell := results.Cells[0]
				if code == ExitOK && cell.Status == result.StatusOK && cell.Validity != result.Invalid && cell.Address == smallest {
					return
				}
				if attempt == attempts && slices.Contains(cell.Reasons, "client_limited") {
					t.Skipf("this machine has no time to be a client: %v", cell.Notes)
				}
				if attempt == attempts {
					t.Fatalf("exit code %d, %s is %s and %s: %v\n%s", code, cell.Address, cell.Status, cell.Validity, cell.Notes, talk)
				}
			}
		})
	}
}

// smallestCell plans a suite and returns the address of its cell with the fewest users, and the fewest GPUs under them.
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
		if provider := c.Deployment.Provider.Type; provider != "simulator" {
			t.Skipf("its provider is %s", provider)
		}
		cells = append(cells, c)
	}
	return slices.MinFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.Users, b.Users), cmp.Compare(a.Deployment.GPUs, b.Deployment.GPUs))
	}).address.String()
}
