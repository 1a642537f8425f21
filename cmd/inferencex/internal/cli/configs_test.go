package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/strangeloopio/inferencex/configs"
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
