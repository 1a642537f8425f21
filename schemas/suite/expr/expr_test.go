package expr

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

func parse(t *testing.T, text string) hcl.Expression {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "e.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return e
}

// scope declares locals, each by an expression.
func scope(t *testing.T, locals ...string) *Scope {
	t.Helper()
	s := NewScope([]Root{{Word: "local", Noun: "local value", Depth: 1}, {Word: "thing", Noun: "thing", Depth: 2}})
	for _, l := range locals {
		name, text, _ := strings.Cut(l, "=")
		e := parse(t, text)
		root, path := "local", []string{name}
		if parts := strings.Split(name, "."); len(parts) == 3 {
			root, path = parts[0], parts[1:]
		}
		s.Declare(Declaration{Root: root, Path: path, Range: e.Range(), Eval: func() (cty.Value, hcl.Diagnostics) {
			v, _, diags := s.Eval(e)
			return v, diags
		}})
	}
	return s
}

func TestEval(t *testing.T) {
	s := scope(t, "a=local.b+1", "b=2", "o={x=1}", "thing.k.one=\"1\"", "thing.k.two=\"2\"", "thing.l.one=\"3\"", "bad=1+\"x\"", "secret=marked")
	s.Declare(Declaration{Root: "local", Path: []string{"token"}, Eval: func() (cty.Value, hcl.Diagnostics) {
		return cty.StringVal("hunter2").Mark(block.Sensitive), nil
	}})
	tests := map[string]struct{ text, want string }{
		"forward":              {"local.a", "3"},
		"index":                {`local["b"]`, "2"},
		"two names":            {"thing.k.two", `"2"`},
		"a type of things":     {"keys(thing.k)", `["one","two"]`},
		"a whole root":         {"keys(thing)", `["k","l"]`},
		"for has its own":      {"[for local in [1, 2] : local * 2]", "[2,4]"},
		"try an attribute":     {"try(local.o.y, local.o.x)", "1"},
		"can":                  {"can(local.o.y)", "false"},
		"uses of a bad one":    {"local.bad * 2", "unknown"},
		"try a missing name":   {"try(local.nothing, 1)", `Unknown local value: No local value "nothing" is declared. There is a, b, bad, o, secret, token.`},
		"missing attribute":    {"local.o.xx", `Unsupported attribute: This object does not have an attribute named "xx". Did you mean "x"?`},
		"missing type":         {"thing.m.one", `Unknown thing: No thing of type "m" is declared. There is k, l.`},
		"missing thing":        {"thing.k.tow", `Unknown thing: No thing "tow" is declared. Did you mean "two"?`},
		"misspelt twice":       {"loacl.a + loacl.b", `Unknown reference: Nothing is called "loacl" here. Did you mean "local"?`},
		"no quotes":            {"H100", `Unknown reference: Nothing is called "H100" here. If it is a text, put it in quotes: "H100".`},
		"no root":              {"each.key", `Unknown reference: Nothing is called "each" here. References start with local, thing.`},
		"unknown function":     {"lenght(local.o)", `Call to unknown function: There is no function "lenght". Did you mean "length"?`},
		"powers":               {"pow2(3, 40)", "[4,8,16,32]"},
		"one power":            {"pow2(1, 1)", "[1]"},
		"no power":             {"pow2(5, 7)", `Error in function call: Call to function "pow2" failed: no power of two lies between lo and hi.`},
		"power of nothing":     {"pow2(0, 7)", `Invalid function argument: Invalid value for "lo" parameter: lo must be at least 1.`},
		"length of text":       {`length("héé")`, "3"},
		"length of list":       {"length([1, 2])", "2"},
		"length of number":     {"length(1)", `Invalid function argument: Invalid value for "value" parameter: number has no length.`},
		"environment":          {`env("HOME")`, `Error in function call: Call to function "env" failed: the environment may be read only by a variable's default: declare a variable with this default and use var.NAME here.`},
		"secret in a function": {`regex("x", local.token)`, "Error in function call: The function refused its arguments. Its reason is not shown, because a sensitive value is among them."},
		"collections":          {`merge({a = 1}, zipmap(["b"], [max(1, 2)]))`, `{"a":1,"b":2}`},
		"sets":                 {`length(toset(["a", "a"]))`, "1"},
		"product":              {`setproduct([1], ["x", "y"])`, `[[1,"x"],[1,"y"]]`},
		"text":                 {`join("-", split(",", lower("A,B")))`, `"a-b"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v, _, diags := s.Eval(parse(t, tt.text))
			got := "unknown"
			if v.IsWhollyKnown() {
				out, err := block.CanonicalJSON(v)
				if err != nil {
					t.Fatal(err)
				}
				got = string(out)
			}
			if diags.HasErrors() {
				got = diags[0].Summary + ": " + diags[0].Detail
				if len(diags) > 1 {
					t.Errorf("more than one diagnostic: %v", diags)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultFunctions(t *testing.T) {
	ctx := &hcl.EvalContext{Functions: DefaultFunctions(func(name string) string {
		return map[string]string{"SET": "x"}[name]
	})}
	for text, want := range map[string]cty.Value{`env("SET")`: cty.StringVal("x").Mark(block.Impure), `env("UNSET")`: cty.NullVal(cty.String).Mark(block.Impure)} {
		if got, diags := parse(t, text).Value(ctx); diags.HasErrors() || !got.RawEquals(want) {
			t.Errorf("%s = %#v (%v), want %#v", text, got, diags, want)
		}
	}
}

func TestCycles(t *testing.T) {
	tests := map[string]struct {
		locals, want []string
	}{
		"none":  {[]string{"a=1", "b=local.a", "c=local.a+local.b"}, nil},
		"self":  {[]string{"a=local.a"}, []string{"local.a → local.a"}},
		"three": {[]string{"a=local.b", "b=local.c", "c=local.a", "d=local.b"}, []string{"local.a → local.b → local.c → local.a"}},
		"two":   {[]string{"a=local.b", "b=local.a", "x=local.y", "y=local.x"}, []string{"local.a → local.b → local.a", "local.x → local.y → local.x"}},
		"tail":  {[]string{"tail=local.a", "a=local.b", "b=local.a"}, []string{"local.a → local.b → local.a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range scope(t, tt.locals...).Settle() {
				_, circle, _ := strings.Cut(d.Detail, "value: ")
				circle, _, _ = strings.Cut(circle, ". Take")
				got = append(got, circle)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("cycles (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScopeEdges(t *testing.T) {
	s := scope(t, "a=1")
	first := hcl.Range{Filename: "again"}
	if taken := s.Declare(Declaration{Root: "local", Path: []string{"a"}, Range: first}); taken == nil || *taken == first {
		t.Errorf("declaring a taken name returned %v, want the first range", taken)
	}
	s.Incomplete("thing")
	if v, _, diags := s.Eval(parse(t, "thing.k.lost")); v.IsKnown() || len(diags) > 0 {
		t.Errorf("a name under an incomplete root is %#v with %v, want unknown in silence", v, diags)
	}
	if _, ok := s.Lookup("local.b"); ok {
		t.Error("found what is not declared")
	}
	failing := Declaration{Root: "local", Path: []string{"checked"}, Eval: func() (cty.Value, hcl.Diagnostics) { return cty.Zero, nil }}
	failing.Check = func() hcl.Diagnostics {
		if v, _ := s.Lookup("local.checked"); !v.RawEquals(cty.Zero) {
			t.Errorf("a check sees %#v, want its own value", v)
		}
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "no"}}
	}
	s.Declare(failing)
	if diags := s.Settle(); len(diags) != 1 {
		t.Errorf("settle reported %v, want the check's error", diags)
	}
	if v, _ := s.Lookup("local.checked"); v.IsKnown() {
		t.Errorf("after a failed check the value is %#v, want unknown", v)
	}
}
