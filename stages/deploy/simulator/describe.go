package simulator

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// description is an object of figures that stands in for an entry of the hardware's catalogue, under the names of the catalogue's files.
type description struct {
	name, doc string
	figures   []figure
}

// figure is one entry of a description.
type figure struct {
	name     string
	bounds   *block.Bounds // nil: true or false
	optional bool
	example  string
}

// architecture describes a model.
func architecture() description {
	size := block.IntegerFrom(1)
	return description{
		name: "architecture",
		doc: "Describes a model that the simulator's catalogue lacks, by what its config.json says. parameters counts all weights, weight_bytes is the size of one in the layers, " +
			"context the longest sequence in tokens, and tied_embeddings = true says that the head is the input embedding. It has to be dense, with full attention: experts are not simulated.",
		figures: []figure{
			{"parameters", size, false, "8.19e9"},
			{"layers", size, false, "36"},
			{"hidden", size, false, "4096"},
			{"heads", size, false, "32"},
			{"kv_heads", size, false, "8"},
			{"head_dim", size, false, "128"},
			{"weight_bytes", block.AboveZero(), false, "2"},
			{"vocabulary", size, false, "151936"},
			{"context", size, false, "40960"},
			{"tied_embeddings", nil, true, "false"},
		},
	}
}

// board describes a GPU.
func board() description {
	return description{
		name: "board",
		doc: "Describes a GPU type that the simulator's catalogue lacks, by what its data sheet says: bytes, bytes per second, dense FLOP per second (fp8_flops = 0 without FP8 units), watts. " +
			"link_bandwidth is what one GPU sends to its peers in one direction; without it, only the latency of their exchanges counts. " +
			"How much of that it reaches, and its power, are modelled on the H100.",
		figures: []figure{
			{"memory_bytes", block.AboveZero(), false, "103e9"},
			{"bandwidth", block.AboveZero(), false, "4e12"},
			{"bf16_flops", block.AboveZero(), false, "148e12"},
			{"fp8_flops", block.From(0), false, "296e12"},
			{"tdp_watts", block.AboveZero(), false, "400"},
			{"sm_clock_hz", block.AboveZero(), false, "1.98e9"},
			{"idle_watts", block.AboveZero(), true, "60"},
			{"link_bandwidth", block.AboveZero(), true, "450e9"},
		},
	}
}

// arg is the provider's argument. The language's own objects would drop a figure that is misspelt.
func (d description) arg() block.Arg {
	return block.Arg{
		Name: d.name, Type: cty.DynamicPseudoType, Schema: d.schema, Check: d.check,
		Doc: d.doc + " For example " + d.example() + ".",
	}
}

// example is a whole description.
func (d description) example() string {
	var parts []string
	for _, f := range d.figures {
		if !f.optional {
			parts = append(parts, f.name+" = "+f.example)
		}
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// template is what to write, with the figures left out.
func (d description) template() string {
	var parts []string
	for _, f := range d.figures {
		if !f.optional {
			parts = append(parts, f.name+" = …")
		}
	}
	return d.name + " = { " + strings.Join(parts, ", ") + " }"
}

func (d description) schema() map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range d.figures {
		switch {
		case f.bounds == nil:
			properties[f.name] = map[string]any{"type": "boolean"}
		case f.bounds.Integer:
			properties[f.name] = map[string]any{"type": "integer", "minimum": *f.bounds.Min}
		case f.bounds.Above:
			properties[f.name] = map[string]any{"type": "number", "exclusiveMinimum": *f.bounds.Min}
		default:
			properties[f.name] = map[string]any{"type": "number", "minimum": *f.bounds.Min}
		}
		if !f.optional {
			required = append(required, f.name)
		}
	}
	return map[string]any{"title": "object", "type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// check finds figures that are missing, too many or impossible by themselves.
func (d description) check(v cty.Value) error {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return fmt.Errorf("%s describes nothing; write %s", block.Noun(v.Type()), d.example())
	}
	given := v.AsValueMap()
	var missing, names []string
	for _, f := range d.figures {
		names = append(names, f.name)
		value, ok := given[f.name]
		if ok && !value.IsNull() {
			if err := f.check(value); err != nil {
				return err
			}
		} else if !f.optional {
			missing = append(missing, f.name)
		}
		delete(given, f.name)
	}
	for it := v.ElementIterator(); it.Next(); {
		key, _ := it.Element()
		if _, unknown := given[key.AsString()]; unknown {
			return fmt.Errorf("%q is no part of it%s", key.AsString(), block.Hint(key.AsString(), names))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("it lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

func (f figure) check(v cty.Value) error {
	want := cty.Number
	if f.bounds == nil {
		want = cty.Bool
	}
	if v.Type() != want {
		return fmt.Errorf("%s takes %s, but this is %s", f.name, block.Noun(want), block.Noun(v.Type()))
	}
	if f.bounds == nil {
		return nil
	}
	if err := f.bounds.Check(v); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// read puts a description into an entry of the catalogue.
func (d description) read(v cty.Value, entry any) error {
	if err := d.check(v); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	text, err := ctyjson.Marshal(v, v.Type())
	if err == nil {
		err = json.Unmarshal(text, entry)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", d.name, err)
	}
	return nil
}

func (d description) parse(text string, entry any) error {
	ty, err := ctyjson.ImpliedType([]byte(text))
	if err != nil {
		return fmt.Errorf("%s: %w; write one JSON object", d.name, err)
	}
	v, err := ctyjson.Unmarshal([]byte(text), ty)
	if err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	return d.read(v, entry)
}

// DescribeModel lets the configuration's Model be what a JSON object says, by the names of the provider's argument architecture.
func DescribeModel(c *simulator.Config, text string) error {
	c.ModelSpec = &hardware.Model{Name: c.Model}
	return architecture().parse(text, c.ModelSpec)
}

// DescribeGPU lets the configuration's GPUType be what a JSON object says, by the names of the provider's argument board.
func DescribeGPU(c *simulator.Config, text string) error {
	g := hardware.GPU{Name: c.GPUType, DeviceName: c.GPUType}
	err := board().parse(text, &g)
	g = g.Modelled()
	c.GPUSpec = &g
	return err
}
