package suite

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/matrix"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
)

// Benchmark is a set of cells that are measured under the same objectives.
type Benchmark struct {
	Name        string // with for_each, NAME.KEY, where KEY is the element's key with a dash for what no address can hold
	Key         string // each.key, empty without for_each
	Description string
	Cells       []Cell
	SLO         []Objective
	Range       hcl.Range
}

// axes are the arguments of a benchmark that may vary, the slowest first: a deployment changes as seldom as possible.
func axes() []block.Arg {
	return []block.Arg{
		{Name: "model", Type: cty.DynamicPseudoType, Ref: "model", Doc: "The model to serve."},
		{Name: "engine", Type: cty.DynamicPseudoType, Ref: "engine", Doc: "The engine to serve it with; the provider's own when omitted."},
		{Name: "provider", Type: cty.DynamicPseudoType, Ref: "provider", Doc: "The provider to deploy it on."},
		{Name: "gpu_type", Type: cty.String, Check: checkGPUType, Doc: "The GPU, such as \"H100\", or gpu.H100 where a gpu block declares it; \"cpu\" for none."},
		{Name: "gpus", Type: cty.Number, Bounds: block.IntegerFrom(1), Doc: "GPUs of one deployment; 1 when omitted."},
		{Name: "workload", Type: cty.DynamicPseudoType, Ref: "workload", Doc: "What is asked of the server."},
		{Name: "isl", Type: cty.DynamicPseudoType, Check: length.Check, Schema: length.Schema, Word: "length", Doc: "Input length in tokens, in place of the workload's."},
		{Name: "osl", Type: cty.DynamicPseudoType, Check: length.Check, Schema: length.Schema, Word: "length", Doc: "Output length in tokens, in place of the workload's."},
		{Name: "users", Type: cty.Number, Bounds: block.WholeWithin(1, phase.UserLimit), Doc: "Requests kept in flight (closed loop), one of each user; fewer where users think."},
		{Name: "rate", Type: cty.Number, Bounds: block.AboveZero(), Doc: "Requests sent, or conversations begun, per second (open loop), in place of users."},
	}
}

func benchmarkBlock(opt Options) block.Block {
	args := []block.Arg{
		{Name: "for_each", Type: cty.DynamicPseudoType, Lazy: true, Doc: "A map or a set of strings: the benchmark is made once for each element, which each.key and each.value stand for."},
		{Name: "description", Type: cty.String, Provenance: true, Doc: "What the benchmark is for."},
	}
	for _, a := range axes() {
		a.Lazy = true // decoded as a point on its axis
		args = append(args, a)
	}
	args = append(args, block.Arg{Name: "trials", Type: cty.Number, Bounds: block.IntegerFrom(1), Default: cty.NumberIntVal(3), Doc: "How often each cell is measured."})
	return block.Block{Kind: "benchmark", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc:    "Cells to measure. What varies stands in the matrix, everything else beside it.",
		Args:   args,
		Blocks: []block.Block{matrix.Block(axes()), sloBlock(opt.Metrics, opt.Units)},
	}}
}

// decodeBenchmarks decodes a benchmark block, once for each element of its for_each.
func (l *loader) decodeBenchmarks(blk *hcl.Block) {
	valid := l.validName(blk)
	name := l.qualify(blk.Labels[0])
	head, _, _ := blk.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "for_each"}}})
	forEach, ok := head.Attributes["for_each"]
	if !ok {
		l.decodeBenchmark(&Benchmark{Name: name, Range: blk.DefRange}, blk, valid)
		return
	}
	for _, item := range l.elements(forEach.Expr) {
		key := item.Key.AsString()
		one := *blk
		one.Body = block.Bind(blk.Body, map[string]cty.Value{"each": item.Object()})
		l.decodeBenchmark(&Benchmark{Name: name + "." + slug(key), Key: key, Range: blk.DefRange}, &one, valid)
	}
}

// elements evaluates for_each of a benchmark; nil where it is in error or unknown.
func (l *loader) elements(e hcl.Expression) []block.Item {
	items, known, diags := block.Items(e, "a map or a set of strings", l.scope.Eval)
	l.diags = append(l.diags, diags...)
	switch {
	case !known:
		return nil
	case len(items) == 0:
		l.warn(e.Range(), "Benchmark without elements", "for_each is empty, so that this benchmark measures nothing.")
	case len(items) > l.opt.MaxCells:
		l.fail(e.Range(), "Too many cells", "for_each has %d elements, and a suite has at most %d cells. Take some out.", len(items), l.opt.MaxCells)
		return nil
	}
	taken := map[string]string{}
	for _, item := range items {
		if item.Key.Type() != cty.String || item.Key.IsNull() {
			l.fail(e.Range(), "Map or set expected", "for_each of a benchmark goes over a map, or a set of strings, because its keys become names. Of a list make a set: toset([\"a\", \"b\"]).")
			return nil
		}
		key := item.Key.AsString()
		if key == "" || len(key) > mostName {
			l.fail(e.Range(), "Key unfit for a name", "The keys of for_each become names, which have 1 to %d letters. Change the key %q.", mostName, key)
			return nil
		}
		if before, ok := taken[slug(key)]; ok {
			l.fail(e.Range(), "Keys too similar", "%q and %q become the same name, %q. Change one of the two keys.", before, key, slug(key))
			return nil
		}
		taken[slug(key)] = key
	}
	return items
}

// slug is a key as it stands in addresses: letters, digits, dots, dashes and underscores as they are, a dash for
// everything else.
func slug(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, key)
}

// decodeBenchmark expands a benchmark into cells. Where an error keeps the cells from being known, none are made and
// nothing is concluded from them.
func (l *loader) decodeBenchmark(b *Benchmark, blk *hcl.Block, valid bool) {
	c := l.decode(benchmarkBlock(l.opt), blk)
	if first, taken := l.benchmarks[b.Name]; taken {
		l.diags = l.diags.Append(block.Duplicate("benchmark", blk.DefRange, first))
		valid = false
	} else {
		l.benchmarks[b.Name] = blk.DefRange
	}
	b.Description = block.String(c.Value, "description")
	b.SLO = l.decodeSLO(c.Only("slo"))
	d := matrix.Decoder{Axes: axes(), Eval: l.scope.Eval, Point: l.point, Cell: l.cellValue}
	m, known, diags := d.Decode(c)
	l.diags = append(l.diags, diags...)
	if !valid || !known || c.Broken {
		return
	}
	m.Trials = block.Int(c.Value, "trials")
	rows, expandDiags := m.Expand(l.opt.MaxCells)
	l.diags = append(l.diags, expandDiags...)
	b.Cells = l.makeCells(b, m, rows)
	before := l.cells
	if l.cells += len(b.Cells); l.cells > l.opt.MaxCells && before <= l.opt.MaxCells {
		l.fail(b.Range, "Too many cells", "With this benchmark the suite has %d cells, more than the %d allowed. Shorten an axis, or split the suite.", l.cells, l.opt.MaxCells)
	}
	l.suite.Benchmarks = append(l.suite.Benchmarks, b)
}

// point decodes one value on an axis; nil for null. ok is false where the value is in error or unknown.
func (l *loader) point(a block.Arg, e hcl.Expression) (p *matrix.Value, ok bool, diags hcl.Diagnostics) {
	raw, ctx, diags := l.scope.Eval(e)
	if diags.HasErrors() || raw.IsNull() {
		return nil, !diags.HasErrors(), diags
	}
	if a.Name == "gpu_type" && raw.IsKnown() && raw.Type().IsObjectType() {
		id, problem := l.reference(raw, "gpu")
		if problem != nil {
			return nil, false, diags.Append(problem.At(e, ctx))
		}
		raw = cty.StringVal(strings.TrimPrefix(id, "gpu.")) // no module has one
	}
	v, problem := a.Accept(raw)
	p = &matrix.Value{V: v, Range: e.Range()}
	switch {
	case problem != nil:
	case !raw.IsKnown():
		return nil, false, diags
	case a.Ref != "":
		// A block with an error inside can still be referred to: what else is wrong with the cells is worth knowing.
		p.Key, problem = l.reference(raw, a.Ref)
	case !v.IsKnown():
		return nil, false, diags
	case a.Name == "isl" || a.Name == "osl":
		var err error
		if p.Lengths, err = l.lengthsOf(v, a.Name); err != nil {
			problem = block.Invalid(a.Name, err)
		}
		p.Key = lengthsKey(p.Lengths)
	case v.Type() == cty.Number:
		p.Key = v.AsBigFloat().Text('g', -1)
	default:
		p.Key = fmt.Sprintf("%q", v.AsString())
	}
	if a.Name == "gpu_type" && problem == nil && v.IsKnown() {
		l.gpuUses = append(l.gpuUses, gpuUse{v.AsString(), e.Range(), false})
	}
	if problem != nil {
		return nil, false, diags.Append(problem.At(e, ctx))
	}
	return p, true, diags
}
