package suite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

// write puts files into a folder of the test's own.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func messages(diags hcl.Diagnostics) []string {
	var out []string
	for _, d := range diags {
		out = append(out, d.Summary+": "+d.Detail)
	}
	return out
}

// cell is a suite of one cell, to put something beside.
const cell = `
model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}
provider "simulator" "s" {}
workload "w" {
  isl = 64
  osl = 16
}
benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users    = 2
  trials   = 1
}
`

func TestLoadUnreadable(t *testing.T) {
	dir := write(t, map[string]string{"readme.md": "", "huge.hcl": strings.Repeat("#", 1<<20+1), "deep.hcl": "locals {\n a = " + strings.Repeat("[", 1000)})
	tests := map[string]struct{ path, want string }{
		"absent": {filepath.Join(dir, "absent.hcl"), `Suite not found: There is no file or folder "DIR/absent.hcl". Give the path of a suite: one *.hcl or *.hcl.json file, or a folder of them.`},
		"huge":   {filepath.Join(dir, "huge.hcl"), `File not readable: DIR/huge.hcl is larger than 1048576 bytes, which no suite needs: check the path.`},
		"deep":   {filepath.Join(dir, "deep.hcl"), `File not readable: DIR/deep.hcl is nested more than 500 deep, which no suite needs: take it apart with local values.`},
		"empty":  {t.TempDir(), `Suite not found: The folder "EMPTY" has no *.hcl or *.hcl.json file. Give the path of one that has.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, _, diags := Load(tt.path, Options{})
			got := messages(diags)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], dir, "DIR")
				if name == "empty" {
					got[i] = strings.ReplaceAll(got[i], tt.path, "EMPTY")
				}
			}
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" || s != nil {
				t.Errorf("suite %v, diagnostics (-want +got):\n%s", s, diff)
			}
		})
	}
}

func TestNoRegistry(t *testing.T) {
	path := filepath.Join(write(t, map[string]string{"s.hcl": cell}), "s.hcl")
	_, _, diags := Load(path, Options{})
	want := []string{`Unknown provider type: There is no provider of type "simulator".`}
	if diff := cmp.Diff(want, messages(diags)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

// The order of blocks and of files is no part of what a suite means.
func TestOrderOfBlocksIsFree(t *testing.T) {
	text, err := os.ReadFile("testdata/valid/full.hcl")
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := os.ReadFile("testdata/valid/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var want string
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		blocks := strings.Split(string(text), "\n\n")
		// Blocks with blank lines inside are put together again before they are shuffled.
		for j := 0; j < len(blocks)-1; {
			if strings.HasPrefix(blocks[j+1], " ") {
				blocks[j] += "\n\n" + blocks[j+1]
				blocks = append(blocks[:j+1], blocks[j+2:]...)
				continue
			}
			j++
		}
		if i > 0 {
			random.Shuffle(len(blocks), func(a, b int) { blocks[a], blocks[b] = blocks[b], blocks[a] })
		}
		cut := len(blocks) / 2
		dir := write(t, map[string]string{
			"a.hcl": strings.Join(blocks[:cut], "\n\n"),
			"b.hcl": strings.Join(blocks[cut:], "\n\n"), "tokenizer.json": string(tokens),
		})
		s, files, diags := Load(dir, options())
		if len(diags) > 0 {
			t.Fatal(render(t, files, diags))
		}
		var got strings.Builder
		for _, c := range s.Cells() {
			fmt.Fprintln(&got, c.Model.Repo, c.Engine.Image, canonical(t, c.Provider.KeyConfig), c.GPUs, c.Users, c.Workload.Requests, c.ISL, c.OSL, c.Trial, len(c.SLO))
		}
		if i == 0 {
			want = got.String()
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Fatalf("shuffle %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestSecretsStayHidden(t *testing.T) {
	s, _, diags := Load("testdata/valid/full.hcl", options())
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	token := s.Engines[0].Env["HF_TOKEN"]
	if token.Reveal() != "hunter2-token" || !token.Sensitive() {
		t.Errorf("HF_TOKEN reveals %q, sensitive %v", token.Reveal(), token.Sensitive())
	}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s %q %x", s.Engines[0], s.Engines[0], s.Engines[0].Env, token, token, token),
		canonical(t, s.Providers[0].Config), canonical(t, s.Providers[0].KeyConfig),
	} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret is in %s", text)
		}
	}
	if want := `{"api_key":"(sensitive)","url":"https://example.test/v1"}`; canonical(t, s.Providers[0].KeyConfig) != want {
		t.Errorf("key config is %s, want %s", canonical(t, s.Providers[0].KeyConfig), want)
	}

	_, files, diags := Load("testdata/invalid/sensitive.hcl", options())
	text := render(t, files, diags)
	_, files, diags = Load("testdata/invalid/secret.hcl.json", options()) // in which a mistake and a secret stand in one line
	text += render(t, files, diags)
	for _, secret := range []string{"hunter2", "swordfish", "correct horse"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in a diagnostic:\n%s", secret, text)
		}
	}
}

// Values given from outside are as secret as defaults, and are read nearest first.
func TestVariableSources(t *testing.T) {
	dir := write(t, map[string]string{
		"s.hcl": cell + `
variable "n" {
  type    = number
  default = 1
  deprecated = "set m instead."
}
variable "token" {
  type      = string
  default   = ""
  sensitive = true
  validation {
    condition     = length(var.token) < 3
    error_message = "Too long."
  }
}
`,
		"some.auto.hclvars": "n = 2\nstray = 1\n",
		"named.hclvars":     "n = 3\n",
	})
	suite := filepath.Join(dir, "s.hcl")
	auto, named := filepath.Join(dir, "some.auto.hclvars"), filepath.Join(dir, "named.hclvars")
	tests := map[string]struct {
		opt       Options
		n, source string   // who gave n, and whom they overrode
		want      []string // besides the two of the automatic file
	}{
		"auto beats env": {Options{Getenv: func(s string) string { return map[string]string{"INFERENCEX_VAR_n": "9"}[s] }}, "2", auto + " line 1, env INFERENCEX_VAR_n, default at " + suite + ":22", nil},
		"file":           {Options{VarFiles: []string{named}}, "3", "-var-file " + named + " line 1, " + auto + " line 1, default at " + suite + ":22", nil},
		"command line":   {Options{VarFiles: []string{named}, Vars: map[string]string{"n": "4"}}, "4", "-var, -var-file " + named + " line 1, " + auto + " line 1, default at " + suite + ":22", nil},
		"undeclared":     {Options{Vars: map[string]string{"tokn": "4"}}, "", "", []string{`Undeclared variable: A value is given for "tokn", but the suite declares no such variable. Did you mean "token"?`}},
		"wrong type":     {Options{Vars: map[string]string{"n": "many"}}, "", "", []string{`Wrong variable value: The value of "n" (-var) does not fit: it is a string, but the declared type is number.`}},
		"secret":         {Options{Vars: map[string]string{"token": "hunter2"}}, "", "", []string{`Invalid variable value: The value of "token" (-var) breaks this rule: Too long.`}},
		"no file":        {Options{VarFiles: []string{"absent.hclvars"}}, "", "", []string{`File not found: There is no file "absent.hclvars", which -var-file names.`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			opt := options()
			opt.Vars, opt.VarFiles = tt.opt.Vars, tt.opt.VarFiles
			if tt.opt.Getenv != nil {
				opt.Getenv = tt.opt.Getenv
			}
			s, _, diags := Load(dir, opt)
			var errors []string
			for _, d := range diags {
				if d.Severity == hcl.DiagError {
					errors = append(errors, messages(hcl.Diagnostics{d})...)
				}
			}
			if diff := cmp.Diff(tt.want, errors); diff != "" {
				t.Fatalf("errors (-want +got):\n%s", diff)
			}
			if s == nil {
				return
			}
			source := s.Variables[0].Source.String()
			for _, lost := range s.Variables[0].Overrode {
				source += ", " + lost.String()
			}
			if got := canonical(t, s.Variables[0].Value); got != tt.n || source != tt.source {
				t.Errorf("n = %s from %q, want %s from %q", got, source, tt.n, tt.source)
			}
			want := []string{
				fmt.Sprintf(`Deprecated variable: "n" has a value (%s), but is deprecated: set m instead.`, s.Variables[0].Source.By),
				`Undeclared variable: A value is given for "stray", but the suite declares no such variable. There is n, token.`,
			}
			if diff := cmp.Diff(want, messages(diags)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// Every argument of the language says what it is for: the definitions are the documentation.
func TestBlocksAreDocumented(t *testing.T) {
	for _, b := range Blocks(Options{}) {
		if b.Body.Doc == "" {
			t.Errorf("block %q has no doc", b.Kind)
		}
		for _, a := range b.Body.Args {
			if !strings.HasSuffix(a.Doc, ".") || strings.ToUpper(a.Doc[:1]) != a.Doc[:1] && a.Name != "type" {
				t.Errorf("%s.%s: doc %q is no sentence", b.Kind, a.Name, a.Doc)
			}
		}
	}
}
