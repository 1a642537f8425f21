package block_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
)

// body is what a provider might define.
func body() block.Body {
	return block.Body{
		Args: []block.Arg{
			{Name: "app", Type: cty.String, Required: true, Doc: "The app."},
			{Name: "regions", Type: cty.List(cty.String), Doc: "Where."},
			{Name: "timeout", Type: cty.String, Format: block.Duration, Default: cty.StringVal("5m0s"), Doc: "How long."},
			{Name: "share", Type: cty.String, Format: block.Percent, Doc: "How much."},
			{Name: "cpus", Type: cty.Number, Default: cty.NumberFloatVal(0.5), Doc: "How many."},
			{Name: "spot", Type: cty.Bool, Default: cty.False, Doc: "Cheap."},
			{Name: "env", Type: cty.Map(cty.String), Secret: true, Doc: "Variables."},
			{Name: "quota", Type: cty.Map(cty.Number), Provenance: true, Doc: "GPUs."},
		},
		Blocks: []block.Block{{Kind: "volume", Labels: []string{"name"}, Many: true, Body: block.Body{Args: []block.Arg{{Name: "path", Type: cty.String, Required: true, Doc: "Where it is."}}}}},
	}
}

func TestDecode(t *testing.T) {
	v, err := blocktest.Parse(body(), `
app     = "x"
regions = ["a", "b"]
timeout = "90s"
share   = "25%"
spot    = true
env     = { A = "1", B = null }
quota   = { H100 = 8 }
volume "weights" {
  path = "/w"
}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"app": block.String(v, "app"), "regions": block.Strings(v, "regions"), "timeout": block.Time(v, "timeout"), "share": block.String(v, "share"),
		"cpus": block.Float(v, "cpus"), "spot": block.Bool(v, "spot"), "env": block.StringMap(v, "env"), "quota": block.IntMap(v, "quota"),
		"int": block.Int(v, "cpus"), "texts": block.TextMap(v, "env"), "absent": block.String(v, "absent"), "has": block.Has(v, "share"), "null": block.Has(block.Body{Args: body().Args[:2]}.Defaults(), "app"),
	}
	want := map[string]any{
		"app": "x", "regions": []string{"a", "b"}, "timeout": 90 * time.Second, "share": "25%", "cpus": 0.5, "spot": true,
		"env": map[string]string{"A": "1"}, "quota": map[string]int{"H100": 8}, "int": 0,
		"texts": map[string]block.Text{"A": block.NewText(cty.StringVal("1"))}, "absent": "", "has": true, "null": false,
	}
	texts := cmp.Comparer(func(a, b block.Text) bool { return a == b })
	if diff := cmp.Diff(want, got, texts); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if !v.Type().Equals(body().Type()) {
		t.Errorf("decoded to %s, want the body's type %s", v.Type().FriendlyName(), body().Type().FriendlyName())
	}
	empty, err := blocktest.Parse(block.Body{Args: body().Args[1:]}, "")
	if err != nil || !empty.RawEquals(block.Body{Args: body().Args[1:]}.Defaults()) {
		t.Errorf("an empty body gives %#v (%v), want the defaults", empty, err)
	}
}

func TestDecodeMistakes(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"missing":   {`spot = true`, `text.hcl:1,1-1: Missing required argument; This body needs "app": the app.`},
		"misspelt":  {"app = 1\nregion = []", `text.hcl:2,1-7: Unsupported argument; An argument named "region" is not expected here. Did you mean "regions"?`},
		"nested":    {"app = 1\nvolume \"w\" {}", `text.hcl:2,1-11: Missing required argument; This volume block needs "path": where it is.`},
		"reference": {"app = var.x", `text.hcl:1,7-10: Variables not allowed; Only a constant can stand here: it is needed before anything that it could refer to has a value.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := blocktest.Parse(body(), tt.text)
			var diags hcl.Diagnostics
			if !errors.As(err, &diags) || len(diags) != 1 {
				t.Fatalf("error %v, want one diagnostic", err)
			}
			if diff := cmp.Diff(tt.want, diags[0].Error()); diff != "" {
				t.Errorf("diagnostic (-want +got):\n%s", diff)
			}
		})
	}
}

// A value that broke a rule is unknown, so that what is computed from it is not judged.
func TestBrokenIsUnknown(t *testing.T) {
	file, diags := hclsyntax.ParseConfig([]byte("app = [1]\ncpus = 2"), "text.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	c, diags := block.Body{Args: body().Args[:5]}.Decode(file.Body, nil)
	if len(diags) != 1 || !c.Broken {
		t.Errorf("broken %v with %v, want one diagnostic", c.Broken, diags)
	}
	if c.Value.GetAttr("app").IsKnown() || !c.Value.GetAttr("cpus").RawEquals(cty.NumberIntVal(2)) {
		t.Errorf("value %#v: want app unknown and cpus 2", c.Value)
	}
}

func TestKeyed(t *testing.T) {
	b := body()
	v, err := blocktest.Parse(b, "app = \"x\"\nquota = { H100 = 8 }")
	if err != nil {
		t.Fatal(err)
	}
	attrs := v.AsValueMap()
	attrs["env"] = cty.MapVal(map[string]cty.Value{"A": cty.StringVal("hunter2").Mark(block.Sensitive), "B": cty.StringVal("b")})
	got, err := block.CanonicalJSON(b.Keyed(cty.ObjectVal(attrs)))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"app":"x","cpus":0.5,"env":{"A":"(sensitive)","B":"b"},"spot":false,"timeout":"5m0s"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("keyed (-want +got):\n%s", diff)
	}
}
