package expr

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// FuzzEval evaluates any expression and shows what is wrong with it: it ends, and the secret is in no message.
func FuzzEval(f *testing.F) {
	for _, text := range []string{
		"local.a + 1", "[for x in local.list : x * 2 if x > 1]", "{for k, v in local.object : upper(k) => v...}", "try(local.none, local.object.x)",
		"\"${local.secret}-%{if local.a == 1}x%{else}y%{endif}\"", "templatefile(\"a\", { n = local.a })", "setproduct(local.list, local.list)",
		"format(\"%05d\", local.a)", "regex(\"a(b)\", local.secret)", "convert(local.list, set(string))", "local.list[*].x", "jsondecode(\"{}\").x",
		"formatdate(\"YYYY\", local.secret)", "zipmap(local.list, local.list)", "cidr", "<<E\n${local.a}\nE\n", "range(0, 10, local.a)", "one(local.list)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 || strings.Count(text, "(")+strings.Count(text, "[") > 200 {
			return // the reader of files bounds them
		}
		file, diags := hclsyntax.ParseConfig([]byte("locals {\n  v = "+text+"\n}\n"), "f.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		Guard(file)
		s := NewScope([]Root{{Word: "local", Noun: "local value", Depth: 1}}, files(map[string]string{"a": "${n} %{for x in [1, 2]}${x}%{endfor}"}), &Meter{})
		for name, v := range map[string]cty.Value{
			"a": cty.NumberIntVal(1), "secret": cty.StringVal("hunter2").Mark(block.Sensitive), "lost": cty.DynamicVal,
			"list":   cty.TupleVal([]cty.Value{cty.NumberIntVal(1), cty.StringVal("x"), cty.NullVal(cty.DynamicPseudoType)}),
			"object": cty.ObjectVal(map[string]cty.Value{"x": cty.True, "s": cty.StringVal("hunter2").Mark(block.Sensitive)}),
		} {
			s.Declare(Declaration{Root: "local", Path: []string{name}, Eval: func() (cty.Value, hcl.Diagnostics) { return v, nil }})
		}
		for _, blk := range file.Body.(*hclsyntax.Body).Blocks {
			for _, attr := range blk.Body.Attributes {
				_, _, diags := s.Eval(attr.Expr)
				var out bytes.Buffer
				if err := hcl.NewDiagnosticTextWriter(&out, map[string]*hcl.File{"f.hcl": file}, 80, false).WriteDiagnostics(diags); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(out.String(), "hunter2") && !strings.Contains(text, "hunter") {
					t.Errorf("the secret is shown:\n%s", out.String())
				}
			}
		}
	})
}
