package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/strangeloopio/inferencex/configs"
)

// TestConfigs holds every suite that the program brings along: it is formatted, and it plans, for each provider that it offers.
func TestConfigs(t *testing.T) {
	for _, name := range configs.Names() {
		t.Run(name, func(t *testing.T) {
			text, err := configs.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			if formatted := hclwrite.Format(text); !bytes.Equal(text, formatted) {
				t.Errorf("not formatted: inferencex fmt configs")
			}
			dir := t.TempDir()
			path := filepath.Join(dir, name+".hcl")
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
			variants := [][]string{{}}
			if bytes.Contains(text, []byte(`variable "provider"`)) {
				variants = append(variants, []string{"-var", "provider=modal", "-var", "workspace=acme"})
			}
			for _, flags := range variants {
				var out, talk bytes.Buffer
				app := &App{
					Args: append([]string{"plan", "-dir", filepath.Join(dir, "runs"), path}, flags...), Stdout: &out, Stderr: &talk,
					Getenv: func(string) string { return "" }, Now: time.Now,
				}
				if code := Main(app); code != ExitOK || !bytes.Contains(out.Bytes(), []byte("to measure on")) {
					t.Errorf("plan %v: exit code %d\n%s", flags, code, talk.String())
				}
			}
		})
	}
}
