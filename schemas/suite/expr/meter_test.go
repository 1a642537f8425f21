package expr

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Each of these would run for minutes, or fill the memory, if nobody counted.
func TestMeter(t *testing.T) {
	thousand := "range(1000)"
	tests := map[string]string{
		"loops":           "[for a in L : [for b in L : [for c in L : [for d in L : 1]]]]",
		"loop over pairs": "{for a in setproduct(L, L) : \"${a[0]}-${a[1]}\" => [for b in L : b]}",
		"product":         "setproduct(L, L, L)",
		"join":            "[for a in L : join(local.text, L)]",
		"replace":         "replace(local.text, \"x\", local.text)",
		"template":        "[for a in L : [for b in L : \"${local.text}${b}\"]]",
		"template loop":   "\"%{for a in L}%{for b in L}%{for c in L}${c}%{endfor}%{endfor}%{endfor}\"",
		"template file":   "templatefile(\"loops\", { l = L })",
		"width":           "format(\"%1000000000d\", 1)",
		"indent":          "indent(1000000000, \"a\\nb\")",
		"splat":           "[for a in L : [for b in L : local.wide[*].x]]",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewScope([]Root{{Word: "local", Noun: "local value", Depth: 1}}, files(map[string]string{
				"loops": "%{for a in l}%{for b in l}%{for c in l}${c}%{endfor}%{endfor}%{endfor}",
			}), &Meter{})
			value := func(name string, v cty.Value) {
				s.Declare(Declaration{Root: "local", Path: []string{name}, Eval: func() (cty.Value, hcl.Diagnostics) { return v, nil }})
			}
			value("text", cty.StringVal(strings.Repeat("x", 1_000_000)))
			value("wide", cty.TupleVal(make1000()))
			f, diags := hclsyntax.ParseConfig([]byte("locals {\n  v = "+strings.ReplaceAll(text, "L", thousand)+"\n  w = 1\n}"), "f.hcl", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			Guard(f)
			Guard(f) // twice is once
			attrs := f.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes
			v, _, diags := s.Eval(attrs["v"].Expr)
			if v.IsKnown() || len(diags) != 1 || diags[0].Summary != "Too much to evaluate" {
				t.Errorf("value known %v, diagnostics %v; want one that it is too much", v.IsKnown(), diags)
			}
			if _, _, diags := s.Eval(attrs["w"].Expr); len(diags) > 0 {
				t.Errorf("afterwards: %v; want no consequences", diags)
			}
		})
	}
}

func make1000() []cty.Value {
	out := make([]cty.Value, 1000)
	for i := range out {
		out[i] = cty.ObjectVal(map[string]cty.Value{"x": cty.Zero})
	}
	return out
}

// A value that doubles a few times is small in memory and endless when written.
func TestValueTooLarge(t *testing.T) {
	locals := []string{"a=[1, 2]"}
	for c := 'b'; c <= 'z'; c++ {
		before := string(c - 1)
		locals = append(locals, string(c)+"=[local."+before+", local."+before+"]")
	}
	diags := scope(t, locals...).EvaluateAll()
	want := "local.o has more than 100000 elements, or a text of 6400000 letters, which no suite needs."
	if len(diags) != 1 || diags[0].Detail != want {
		t.Errorf("diagnostics %v, want %q once", diags, want)
	}
}
