package block

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Dynamic blocks are nested blocks: their lazy arguments and the elements of what they list know the iterator too.
func TestDynamic(t *testing.T) {
	b := Body{Blocks: []Block{{Kind: "volume", Labels: []string{"name"}, Many: true, Body: Body{
		Args: []Arg{
			{Name: "path", Type: cty.String, Required: true, Doc: "Where."},
			{Name: "list", Type: cty.DynamicPseudoType, Lazy: true, Doc: "Any."},
		},
		Blocks: []Block{{Kind: "part", Many: true, Body: Body{Args: []Arg{{Name: "n", Type: cty.String, Doc: "Any."}}}}},
	}}}}
	file, diags := hclsyntax.ParseConfig([]byte(`
dynamic "volume" {
  for_each = { a = "x", b = "y" }
  labels   = [volume.key]
  content {
    path = "/${volume.value}"
    list = [volume.key, { k = volume.value }]
    dynamic "part" {
      for_each = [1, 2]
      iterator = p
      content {
        n = "${volume.key}${p.key}${p.value}"
      }
    }
  }
}
volume "c" {
  path = "/z"
}
`), "text.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	c, diags := b.Decode(file.Body, nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, v := range c.Blocks["volume"] {
		line := v.Labels[0] + " " + String(v.Value, "path")
		if attr, ok := v.Attrs["list"]; ok {
			elements, listDiags := hcl.ExprList(attr.Expr)
			pairs, mapDiags := hcl.ExprMap(elements[1])
			first, valueDiags := elements[0].Value(nil)
			second, pairDiags := pairs[0].Value.Value(nil)
			if listDiags.HasErrors() || mapDiags.HasErrors() || valueDiags.HasErrors() || pairDiags.HasErrors() || len(attr.Expr.Variables()) > 0 {
				t.Fatalf("the list of %s cannot be taken apart", line)
			}
			line += " " + first.AsString() + second.AsString()
		}
		for _, p := range v.Blocks["part"] {
			line += " " + String(p.Value, "n")
		}
		got = append(got, line)
	}
	want := []string{"a /x ax a01 a12", "b /y by b01 b12", "c /z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}
