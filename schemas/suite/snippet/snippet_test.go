package snippet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// parsed is a file, and the range of the first place where part stands in it.
func parsed(t testing.TB, text, part string) (map[string]*hcl.File, hcl.Range) {
	t.Helper()
	file, _ := hclsyntax.ParseConfig([]byte(text), "s.hcl", hcl.InitialPos)
	before, _, found := strings.Cut(text, part)
	if !found {
		t.Fatalf("%q is not in the file", part)
	}
	at := hcl.Range{Filename: "s.hcl", Start: hcl.Pos{Line: 1 + strings.Count(before, "\n"), Byte: len(before)}, End: hcl.Pos{Byte: len(before) + len(part)}}
	return map[string]*hcl.File{"s.hcl": file}, at
}

func show(t *testing.T, files map[string]*hcl.File, colour bool, diags ...*hcl.Diagnostic) string {
	t.Helper()
	var out bytes.Buffer
	if err := New(&out, files, 40, colour).Write(diags); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWrite(t *testing.T) {
	long := strings.Repeat("x", 400)
	tests := map[string]struct {
		text, part, want string
		colour           bool
	}{
		"in a block":       {"model \"m\" {\n  repo = 1\n}\n", "1", "  on s.hcl line 2, in model \"m\":\n   2:   repo = 1\n", false},
		"in no block":      {"a = 1\nb = 2\n", "2", "  on s.hcl line 2:\n   2: b = 2\n", false},
		"over lines":       {"a = [\n 1,\n 2\n]\nb = 1", "[\n 1,\n 2\n]", "  on s.hcl line 1:\n   1: a = [\n   2:  1,\n   3:  2\n   4: ]\n", false},
		"many lines":       {"a = [" + strings.Repeat("\n 1,", 30) + "\n]\n", "[" + strings.Repeat("\n 1,", 30), "  on s.hcl line 1:\n   1: a = [\n   2:  1,\n   3:  1,\n   4:  1,\n   5:  1,\n   6:  1,\n      …\n", false},
		"line ends of DOS": {"a = 1\r\nb = 2\r\n", "b", "  on s.hcl line 2:\n   2: b = 2\n", false},
		"at the end":       {"a = 1\n", "\n", "  on s.hcl line 1:\n   1: a = 1\n", false},
		"escape sequences": {"a = \"\x1b[31m\u202ered\u009b0m\xff\"\tb", "a", "  on s.hcl line 1:\n   1: a = \"\\x1b[31m\\u202ered\\u009b0m\\xff\"\tb\n", false},
		"long value":       {"a = \"" + long + "\" # tail", "a", "  on s.hcl line 1:\n   1: a = \"" + strings.Repeat("x", 154) + "…\n", false},
		"long before":      {"a = \"" + long + "\" + b", "b", "  on s.hcl line 1:\n   1: …" + strings.Repeat("x", 35) + "\" + b\n", false},
		"long itself":      {"a = \"" + long + "\" + b", long, "  on s.hcl line 1:\n   1: a = \"" + strings.Repeat("x", 79) + "…\" + b\n", false},
		"in colour":        {"a = 12\n", "12", "  on s.hcl line 1:\n   1: a = \x1b[1;4m12\x1b[0m\n", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files, at := parsed(t, tt.text, tt.part)
			got := show(t, files, tt.colour, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Wrong", Detail: "Try again.", Subject: &at})
			head := "Error: Wrong\n\n"
			if tt.colour {
				head = "\x1b[31mError\x1b[0m: Wrong\n\n"
			}
			if diff := cmp.Diff(head+tt.want+"\nTry again.\n\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteWithoutPlace(t *testing.T) {
	at := hcl.Range{Filename: "secret\x07.hclvars", Start: hcl.Pos{Line: 3}}
	got := show(t, nil, false,
		&hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Odd", Detail: "This goes on for longer than the forty columns there are. \x1b[2J"},
		&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Elsewhere", Subject: &at},
	)
	want := "Warning: Odd\n\nThis goes on for longer than the forty\ncolumns there are. \\x1b[2J\n\nError: Elsewhere\n\n  on secret\\x07.hclvars line 3\n\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What every deployment of a provider is warned of is said once. Errors all stand.
func TestAlikeWarnings(t *testing.T) {
	files, at := parsed(t, "a = 1\nb = 2\n", "1")
	_, elsewhere := parsed(t, "a = 1\nb = 2\n", "2")
	warn := func(at hcl.Range, detail string) *hcl.Diagnostic {
		return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Odd", Detail: detail, Subject: &at}
	}
	wrong := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Odd", Detail: "Wrong.", Subject: &at}
	got := show(t, files, false, warn(at, "One."), warn(at, "Two."), warn(at, "Three."), warn(elsewhere, "Four."), warn(elsewhere, "Five."), wrong, wrong)
	want := "Warning: Odd\n\n  on s.hcl line 1:\n   1: a = 1\n\nOne.\n\n2 more warnings of the same place.\n\n" +
		"Warning: Odd\n\n  on s.hcl line 2:\n   2: b = 2\n\nFour.\n\n1 more warning of the same place.\n\n" +
		strings.Repeat("Error: Odd\n\n  on s.hcl line 1:\n   1: a = 1\n\nWrong.\n\n", 2)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestContextWidensWhatIsShown(t *testing.T) {
	files, at := parsed(t, "a {\n  b = 1\n}\n", "1")
	context := hcl.Range{Filename: "s.hcl", Start: hcl.Pos{Line: 1, Byte: 0}, End: hcl.Pos{Line: 2, Byte: 9}}
	got := show(t, files, false, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Wrong", Subject: &at, Context: &context})
	if want := "Error: Wrong\n\n  on s.hcl line 2, in a:\n   1: a {\n   2:   b = 1\n\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What an expression was made of is shown, but for secrets.
func TestOperands(t *testing.T) {
	values := map[string]cty.Value{
		"n": cty.NumberIntVal(3), "s": cty.StringVal("a\n" + strings.Repeat("b", 200)), "gone": cty.NullVal(cty.String), "on": cty.True,
		"key": cty.StringVal("hunter2").Mark(block.Sensitive), "later": cty.UnknownVal(cty.String),
		"list": cty.ListVal([]cty.Value{cty.Zero}), "o": cty.ObjectVal(map[string]cty.Value{"a": cty.Zero, "b": cty.Zero}),
	}
	e, diags := hclsyntax.ParseExpression([]byte(`[var.n, var.n, var.s, var.gone, var.on, var.key, var.later, var.list[0], var.list, var.o, var.none]`), "s.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := `with var.gone set to null,
     var.list as list of number with 1 element,
     var.list[0] as 0,
     var.n as 3,
     var.o as object with 2 attributes,
     var.on as true,
     var.s as "a\n` + strings.Repeat("b", 97) + `…".

`
	got := operands(e, &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(values)}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// shut is a writer that takes nothing.
type shut struct{}

func (shut) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestWriteFails(t *testing.T) {
	err := New(shut{}, nil, 100, false).Write(hcl.Diagnostics{{Summary: "Wrong"}})
	if err == nil || err.Error() != "write diagnostics: no room" {
		t.Errorf("got %v", err)
	}
}

// BenchmarkWrite reports how much longer one of 4,000 diagnostics about a file takes than one of 40: about as long, or much would be
// wrong for long.
func BenchmarkWrite(b *testing.B) {
	var text strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&text, "a%d = 1\n", i)
	}
	files, at := parsed(b, text.String(), "a3999")
	each := func(n int) time.Duration {
		diags := make(hcl.Diagnostics, n)
		for i := range diags {
			diags[i] = &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Wrong", Detail: "Try again.", Subject: &at}
		}
		begin := time.Now()
		if err := New(io.Discard, files, 100, false).Write(diags); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin) / time.Duration(n)
	}
	var few, many time.Duration
	for b.Loop() {
		few, many = few+each(40), many+each(4000)
	}
	b.ReportMetric(float64(many)/float64(few), "many/few")
}
