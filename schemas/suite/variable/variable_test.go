package variable

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
)

func parse(t *testing.T, name, text string) *hcl.File {
	t.Helper()
	f, diags := hclsyntax.ParseConfig([]byte(text), name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return f
}

// declared decodes the one variable "v" with the given body and sources.
func declared(t *testing.T, body string, src Sources) (*Variable, cty.Value, hcl.Diagnostics) {
	t.Helper()
	if src.Getenv == nil {
		src.Getenv = func(string) string { return "" }
	}
	f := parse(t, "s.hcl", "variable \"v\" {\n"+body+"\n}\n")
	content, diags := f.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{Block().Header()}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	values, diags := Read(src, []string{"v"})
	v, d, declareDiags := Declare(content.Blocks[0], values, block.Constant)
	value, valueDiags := d.Eval()
	diags = append(append(diags, declareDiags...), valueDiags...)
	return v, value, append(diags, d.Check()...)
}

// fileOf is a file of values that the user named.
func fileOf(t *testing.T, text string) Sources {
	t.Helper()
	return Sources{Files: []source.Values{{Name: "given.hclvars", Body: parse(t, "given.hclvars", text).Body}}}
}

func TestValue(t *testing.T) {
	given := func(text string) Sources { return Sources{Vars: map[string]string{"v": text}} }
	tests := map[string]struct {
		body string
		src  Sources
		want string // canonical JSON, or the diagnostic
	}{
		"default":             {`default = [1, 2]`, Sources{}, "[1,2]"},
		"null default":        {"type = string\ndefault = null", Sources{}, "null"},
		"environment default": {`default = upper(env("HOME"))`, Sources{Getenv: func(s string) string { return map[string]string{"HOME": "/home"}[s] }}, `"/HOME"`},
		"text":                {"", given("[1]"), `"[1]"`},
		"number":              {"type = number", given("3.5"), "3.5"},
		"list":                {"type = list(number)", given("[1, 2]"), "[1,2]"},
		"object":              {"type = object({ a = number, b = optional(string, \"x\") })", given("{ a = 1 }"), `{"a":1,"b":"x"}`},
		"environment":         {"type = bool", Sources{Getenv: func(s string) string { return map[string]string{"INFERENCEX_VAR_v": "true"}[s] }}, "true"},
		"not a list":          {"type = list(number)", given("[1,"), `The value of "v" (-var) does not fit: it is not written as in a suite, such as [1].`},
		"not constant":        {"type = list(number)", given("[var.x]"), `The value of "v" (-var) does not fit: it must be a constant, without references and function calls, and with every text in quotes.`},
		"other type":          {"type = map(number)", given("[1]"), `The value of "v" (-var) does not fit: it is a list, but the declared type is map(number).`},
		"no value":            {"type = number", Sources{}, `"v" has no default and no value. Give it with -var v=VALUE, in a file with -var-file, or in the environment as INFERENCEX_VAR_v.`},
		"null is a value":     {"type = number\ndefault = 1", fileOf(t, "v = null"), "null"},
		"null refused":        {"type = number\ndefault = 1\nnullable = false", fileOf(t, "v = null"), "1"},
		"null and no default": {"type = number\nnullable = false", fileOf(t, "v = null"), `The value of "v" (-var-file given.hclvars) does not fit: it is null, which the variable refuses (nullable = false).`},
		"null as default":     {"default = null\nnullable = false", Sources{}, `The value of "v" (default) does not fit: it is null, which the variable refuses (nullable = false).`},
		"deep defaults":       {"type = list(object({ n = optional(number, 3), o = optional(object({ p = optional(bool, true) }), {}) }))", given("[{}, { n = 4 }]"), `[{"n":3,"o":{"p":true}},{"n":4,"o":{"p":true}}]`},
		"optional null":       {"type = object({ a = optional(string) })", given("{}"), `{"a":null}`},
		"optional refused":    {"type = object({ a = optional(string) })", given("{ b = 1, a = [] }"), `The value of "v" (-var) does not fit: in the object, attribute "a": string required, but have tuple.`},
		"example of object":   {"type = object({ b = map(bool), a = list(object({ s = string, n = optional(number) })), t = tuple([number, any]) })", given("x y"), `The value of "v" (-var) does not fit: it is not written as in a suite, such as { a = [{ s = "text" }], b = { key = true }, t = [1, "text"] }.`},
		"wrong in a map":      {"type = map(number)", given(`{ a = "x" }`), `The value of "v" (-var) does not fit: in ["a"], a number is required.`},
		"list by its default": {"default = [1]", given("[2, 3]"), "[2,3]"},
		"text by its default": {"default = \"x\"", given("[2, 3]"), `"[2, 3]"`},
		"type of elsewhere":   {"type = integer\ndefault = 1", Sources{}, `There is no type "integer". It is called number here.`},
		"misspelt type":       {"type = list(strng)\ndefault = 1", Sources{}, `There is no type "strng". Did you mean "string"?`},
		"unknown type":        {"type = frobnicate\ndefault = 1", Sources{}, `The keyword "frobnicate" is not a valid type specification. Types are string, number, bool, any, list(...), set(...), map(...), object({ name = ... }) and tuple([...]).`},
		"type in quotes":      {"type = \"number\"\ndefault = 1", Sources{}, "A type is written without quotes: type = number."},
		"secret in a map":     {"type = map(number)\nsensitive = true", given(`{ hunter2 = "x" }`), `The value of "v" (-var) does not fit: it is an object, but the declared type is map(number).`},
		"blocks in a file":    {"default = 1", fileOf(t, "w {\n}\n"), "A file of values has lines of the form name = value and no blocks. What declares variables belongs into the suite."},
		"null against a rule": {"default = null\nvalidation {\n condition = null\n error_message = \"x\"\n}", Sources{}, `"condition" is null, but needed: an expression that is true for good values.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, v, diags := declared(t, tt.body, tt.src)
			got := ""
			if diags.HasErrors() {
				got = diags[0].Detail
			} else if out, err := block.CanonicalJSON(v); err != nil {
				t.Fatal(err)
			} else {
				got = string(out)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What the declared type has no place for is dropped when a value is converted: not in silence, since it may be misspelt.
func TestAttributesLeftOut(t *testing.T) {
	const models = "type = map(list(object({ repo = string, isl = optional(number, 64) })))"
	tests := map[string]struct {
		body, given string
		want        []string
	}{
		"nothing":     {models, `{ a = [{ repo = "x" }] }`, nil},
		"misspelt":    {models, `{ a = [{ repo = "x" }, { repo = "y", ils = 1 }] }`, []string{`The declared type of "v" (-var) has no "[\"a\"][1].ils". Did you mean "isl"?`}},
		"at the top":  {"type = object({ a = number })", "{ a = 1, other = 2 }", []string{`The declared type of "v" (-var) has no "other". There is a.`}},
		"in a set":    {"type = set(object({ a = number }))", "[{ a = 1, aa = 2 }]", []string{`The declared type of "v" (-var) has no "[0].aa". Did you mean "a"?`}},
		"of anything": {"", "{ a = 1 }", nil},
		"secret":      {models + "\nsensitive = true", `{ a = [{ repo = "x", ils = 1 }] }`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, diags := declared(t, tt.body, Sources{Vars: map[string]string{"v": tt.given}})
			var got []string
			for _, d := range diags {
				if d.Severity == hcl.DiagWarning {
					got = append(got, d.Detail)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || diags.HasErrors() {
				t.Errorf("%v (-want +got):\n%s", diags, diff)
			}
		})
	}
}

// Neither a message nor the source line under it shows what a sensitive variable was given.
func TestSensitiveMistakesShowNothing(t *testing.T) {
	text := `v = ["hunter2"]`
	file := parse(t, "given.hclvars", text)
	sources := map[string]Sources{
		"file":         {Files: []source.Values{{Name: "given.hclvars", Body: file.Body}}},
		"command line": {Vars: map[string]string{"v": "hunter2"}},
		"expression":   {Vars: map[string]string{"v": "[hunter2"}},
	}
	for name, src := range sources {
		t.Run(name, func(t *testing.T) {
			v, value, diags := declared(t, "type = map(number)\nsensitive = true", src)
			var out bytes.Buffer
			if err := hcl.NewDiagnosticTextWriter(&out, map[string]*hcl.File{"given.hclvars": file}, 0, false).WriteDiagnostics(diags); err != nil {
				t.Fatal(err)
			}
			// A number of a map may be read from text: its message must not quote the text.
			if !diags.HasErrors() {
				t.Fatalf("no error, but %#v", value)
			}
			if strings.Contains(out.String(), "hunter2") || !v.Sensitive {
				t.Errorf("shown:\n%s", out.String())
			}
		})
	}
	_, _, diags := declared(t, "default = regex(\"x\", env(\"TOKEN\"))\nsensitive = true", Sources{Getenv: func(s string) string {
		return map[string]string{"TOKEN": "hunter2"}[s]
	}})
	want := `The value of "v" (default) does not fit: its expression has an error, which is not shown because the variable is sensitive.`
	if len(diags) != 1 || diags[0].Detail != want || diags[0].Subject.Start.Line != 1 {
		t.Errorf("diagnostics %v, want %q at the block's header", diags, want)
	}
	_, value, diags := declared(t, "type = map(string)\nsensitive = true", Sources{Vars: map[string]string{"v": `{ a = "hunter2" }`}})
	if len(diags) > 0 || !block.HasSecret(value) {
		t.Errorf("value %#v (%v), want it marked", value, diags)
	}
}
