package expr

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// files is a reader of these files.
func files(texts map[string]string) Reader {
	return func(name string) (string, error) {
		if text, ok := texts[name]; ok {
			return text, nil
		}
		return "", fmt.Errorf("there is no %s", name)
	}
}

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
	s := NewScope([]Root{{Word: "local", Noun: "local value", Depth: 1}, {Word: "thing", Noun: "thing", Group: "thing of type", Depth: 2}}, files(map[string]string{"a.txt": "text\n", "b.tpl": "%{for u in users}${u},%{endfor}", "n.tpl": "${n}", "bad.tpl": "${", "raw": "\xff", "loop.tpl": "${file(\"a.txt\")}"}), &Meter{})
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
		"no root":              {"other.key", `Unknown reference: Nothing is called "other" here. References start with local, thing.`},
		"each elsewhere":       {"each.key", `Unknown reference: Nothing is called "each" here: it has a meaning only in a benchmark with for_each.`},
		"unknown function":     {"lenght(local.o)", `Call to unknown function: There is no function "lenght". Did you mean "length"?`},
		"divided by zero":      {"[{ a = [1 / (local.b - 2)] }]", "Infinite number: This comes to a number without end: something is divided by zero, or grows beyond what a number can be."},
		"secret infinity":      {"length(local.token) / 0", "Infinite number: This comes to a number without end: something is divided by zero, or grows beyond what a number can be."},
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
		"sum":                  {"sum([1, 2.5])", "3.5"},
		"sum of nothing":       {"sum([])", "0"},
		"sum of null":          {"sum([1, null])", `Invalid function argument: Invalid value for "list" parameter: element 1 is null.`},
		"all and any":          {"[alltrue([]), alltrue([true, false]), anytrue([]), anytrue([false, true])]", "[true,false,false,true]"},
		"one":                  {"[one([]), one([4]), one(toset([\"x\"])), one(tolist([]))]", `[null,4,"x",null]`},
		"one of two":           {"one([1, 2])", `Invalid function argument: Invalid value for "list" parameter: it has 2 elements, and one(…) takes one or none.`},
		"one of text":          {`one("x")`, `Invalid function argument: Invalid value for "list" parameter: a list is needed, but this is string.`},
		"place":                {`index(["a", "b"], "b")`, "1"},
		"place of nothing":     {`index(["a", "b"], "c")`, `Error in function call: Call to function "index" failed: the list does not have this value.`},
		"matchkeys":            {`matchkeys(["a", "b", "c"], [1, 2, 1], [1])`, `["a","c"]`},
		"matchkeys of less":    {`matchkeys(["a"], [1, 2], [1])`, `Error in function call: Call to function "matchkeys" failed: there are 1 values, but 2 keys.`},
		"no matchkeys":         {`matchkeys(["a"], [1], [2])`, `[]`},
		"set algebra":          {"[setunion([1], [2]), setintersection([1, 2], [2]), setsubtract([1, 2], [2])]", "[[1,2],[2],[1]]"},
		"lists":                {"[chunklist([1, 2, 3], 2), coalescelist([], [1]), compact([\"\", \"a\"]), slice([1, 2, 3], 1, 2), element([1, 2], 3)]", `[[[1,2],[3]],[1],["a"],[2],2]`},
		"numbers":              {`[abs(-1), ceil(1.2), floor(1.8), pow(2, 3), log(8, 2), signum(-4), parseint("ff", 16)]`, "[1,2,1,8,3,-1,255]"},
		"texts":                {`[chomp("a\n"), indent(2, "a\nb"), strrev("ab"), substr("abc", 1, 1), title("ab"), trim("xax", "x"), trimprefix("ab", "a"), trimsuffix("ab", "b")]`, `["a","a\n  b","ba","b","Ab","a","b","a"]`},
		"formats":              {`concat([format("%03d", 7)], formatlist("%s!", ["a"]), regexall("[0-9]", "a1b2"))`, `["007","a!","1","2"]`},
		"tests of texts":       {`[startswith("ab", "a"), endswith("ab", "a"), strcontains("abc", "b")]`, "[true,false,true]"},
		"replace":              {`[replace("a.b", ".", "-"), replace("a1b22", "/[0-9]+/", "#"), replace("a/b", "/", "-")]`, `["a-b","a#b#","a-b"]`},
		"bad pattern":          {`replace("a", "/(/", "")`, "Invalid function argument: Invalid value for \"part\" parameter: error parsing regexp: missing closing ): `(`."},
		"decode":               {`[jsondecode("{\"a\":[1]}").a, csvdecode("x,y\n1,2")[0].y]`, `[[1],"2"]`},
		"dates":                {`formatdate("YYYY-MM-DD", timeadd("2026-11-23T00:00:00Z", "24h"))`, `"2026-11-24"`},
		"convert":              {`convert(["1", 1], set(number))`, "[1]"},
		"convert to text":      {"convert(local.a, string)", `"3"`},
		"convert to nothing":   {`convert("x", number)`, `Invalid function argument: Invalid value for "value" parameter: a number is required.`},
		"type as value":        {"number", "Unknown variable: The name of a type has a meaning in a variable's type and in convert(value, type) only. If it is a text, put it in quotes."},
		"file":                 {`file("a.txt")`, `"text\n"`},
		"no file":              {`file("c.txt")`, `Invalid function argument: Invalid value for "path" parameter: there is no c.txt.`},
		"raw file":             {`file("raw")`, `Invalid function argument: Invalid value for "path" parameter: raw is not a text in UTF-8.`},
		"template":             {`templatefile("b.tpl", { users = [1, 2] })`, `"1,2,"`},
		"template of a number": {`templatefile("n.tpl", { n = 1 })`, `"1"`},
		"template with files":  {`templatefile("loop.tpl", {})`, `"text\n"`},
		"template of a list":   {`templatefile("n.tpl", { n = [] })`, `Invalid function argument: Invalid value for "path" parameter: the template is no text.`},
		"template lacks":       {`templatefile("n.tpl", {})`, `Invalid function argument: Invalid value for "values" parameter: the template needs n too.`},
		"template of text":     {`templatefile("n.tpl", "n")`, `Invalid function argument: Invalid value for "values" parameter: the values are an object, such as { name = "x" }, but this is string.`},
		"bad template":         {`templatefile("bad.tpl", {})`, `Invalid function argument: Invalid value for "path" parameter: bad.tpl:1: Expected the start of an expression, but found the end of the file.`},
		"time is impure":       {"timestamp()", `Call to unknown function: There is no function "timestamp".`},
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

func TestDefault(t *testing.T) {
	getenv := func(name string) string { return map[string]string{"SET": "x"}[name] }
	for text, want := range map[string]cty.Value{`env("SET")`: cty.StringVal("x").Mark(block.Impure), `env("UNSET")`: cty.NullVal(cty.String).Mark(block.Impure)} {
		if got, diags := Default(parse(t, text), getenv); diags.HasErrors() || !got.RawEquals(want) {
			t.Errorf("%s = %#v (%v), want %#v", text, got, diags, want)
		}
	}
	if _, diags := Default(parse(t, "setproduct(range(1000), range(1000), range(1000))"), getenv); len(diags) != 1 || diags[0].Summary != "Too much to evaluate" {
		t.Errorf("diagnostics %v, want one that it is too much", diags)
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
			for _, d := range scope(t, tt.locals...).EvaluateAll() {
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
	if diags := s.EvaluateAll(); len(diags) != 1 {
		t.Errorf("settle reported %v, want the check's error", diags)
	}
	if v, _ := s.Lookup("local.checked"); v.IsKnown() {
		t.Errorf("after a failed check the value is %#v, want unknown", v)
	}
}
