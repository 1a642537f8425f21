package suite

import (
	"maps"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/expr"
	"github.com/strangeloopio/inferencex/schemas/suite/variable"
)

// Blocks are the kinds of block there are, in the order in which a reader wants to know them. What they say of
// arguments is what the decoder uses.
func Blocks(opt Options) []block.Block {
	return []block.Block{
		suiteBlock(), variable.Block(), localsBlock(), modelBlock(), gpuBlock(), engineBlock(),
		variants(providerBlock, block.Body{Doc: "A place where deployments are made."}, opt.Providers), workloadBlock(), benchmarkBlock(opt), moduleBlock(), outputBlock(), movedBlock(),
		variants(stageBlock, block.Body{Doc: "How the steps of one stage are run."}, opt.Stages), reportBlock(opt.Charts), budgetBlock(),
	}
}

// variants is a kind of block whose arguments depend on its first label.
func variants(make func(block.Body) block.Block, shared block.Body, own map[string]block.Body) block.Block {
	b := make(shared)
	b.Variants = map[string]block.Body{}
	for label, body := range own {
		b.Variants[label] = make(body).Body
	}
	return b
}

func localsBlock() block.Block {
	return block.Block{Kind: "locals", Many: true, Body: block.Body{Doc: "Names for values, used as local.NAME.", Open: true}}
}

// roots are the first words of references.
func roots() []expr.Root {
	return []expr.Root{
		{Word: "var", Noun: "variable", Depth: 1},
		{Word: "local", Noun: "local value", Depth: 1},
		{Word: "model", Noun: "model", Depth: 1},
		{Word: "gpu", Noun: "gpu", Depth: 1},
		{Word: "engine", Noun: "engine", Depth: 1},
		{Word: "provider", Noun: "provider", Group: "provider of type", Depth: 2},
		{Word: "workload", Noun: "workload", Depth: 1},
		{Word: "module", Noun: "module output", Group: "module", Depth: 2},
	}
}

// declareBlock makes what a block declares known, and decodes it when it is needed.
func (l *loader) declareBlock(blk *hcl.Block) {
	switch blk.Type {
	case "variable":
		l.declareVariable(blk)
	case "locals":
		l.declareLocals(blk)
	case "model":
		m := &Model{Name: l.qualify(blk.Labels[0]), Range: blk.DefRange}
		if l.declareNamed(blk, modelBlock(), func(c *block.Content) { l.decodeModel(m, c) }) {
			l.suite.Models = append(l.suite.Models, m)
			l.models[l.id(blk)] = m
		}
	case "gpu":
		g := &GPU{Name: blk.Labels[0], Range: blk.DefRange}
		if l.declareNamed(blk, gpuBlock(), func(c *block.Content) { l.decodeGPU(g, c) }) {
			l.suite.GPUs[g.Name] = g
			l.gpuUses = append(l.gpuUses, gpuUse{g.Name, blk.LabelRanges[0], true})
		}
	case "engine":
		e := &Engine{Name: l.qualify(blk.Labels[0]), Range: blk.DefRange}
		if l.declareNamed(blk, engineBlock(), func(c *block.Content) { l.decodeEngine(e, c) }) {
			l.suite.Engines = append(l.suite.Engines, e)
			l.engines[l.id(blk)] = e
		}
	case "provider":
		l.declareProvider(blk)
	case "module":
		l.declareModule(blk)
	case "output":
		l.declareOutput(blk)
	case "workload":
		w := &Workload{Name: l.qualify(blk.Labels[0]), Range: blk.DefRange}
		if l.declareNamed(blk, workloadBlock(), func(c *block.Content) { l.decodeWorkload(w, c) }) {
			l.suite.Workloads = append(l.suite.Workloads, w)
			l.workloads[l.id(blk)] = w
		}
	}
}

func (l *loader) declareProvider(blk *hcl.Block) {
	own, ok := l.opt.Providers[blk.Labels[0]]
	if !ok {
		l.fail(blk.LabelRanges[0], "Unknown provider type", "There is no provider of type %q%s", blk.Labels[0], block.Hint(blk.Labels[0], slices.Sorted(maps.Keys(l.opt.Providers))))
		l.scope.Incomplete("provider")
		return
	}
	p := &Provider{Type: blk.Labels[0], Name: l.qualify(blk.Labels[1]), Range: blk.DefRange}
	if l.declareNamed(blk, providerBlock(own), func(c *block.Content) { l.decodeProvider(p, c) }) {
		l.suite.Providers = append(l.suite.Providers, p)
		l.providers[l.id(blk)] = p
	}
}

func (l *loader) declareVariable(blk *hcl.Block) {
	v, d, diags := variable.Declare(blk, l.values, l.scope.Eval)
	l.diags = append(l.diags, diags...)
	v.Module = l.module
	if l.parent != nil && v.Name == "source" {
		l.fail(blk.LabelRanges[0], "Reserved name", "A module block says with source where the module is, so that no variable of that name can be given a value. Choose another one.")
	}
	if l.declare("var", "variable", blk, d) {
		l.suite.Variables = append(l.suite.Variables, v)
	}
}

// declareLocals makes each argument of a locals block known as local.NAME.
func (l *loader) declareLocals(blk *hcl.Block) {
	attrs, diags := blk.Body.JustAttributes()
	l.diags = append(l.diags, diags...)
	for _, name := range inSource(attrs) {
		attr := attrs[name]
		taken := l.scope.Declare(expr.Declaration{Root: "local", Path: []string{name}, Range: attr.NameRange, Eval: func() (cty.Value, hcl.Diagnostics) {
			v, _, diags := l.scope.Eval(attr.Expr)
			return v, diags
		}})
		if taken != nil {
			l.diags = l.diags.Append(block.Duplicate("local value", attr.NameRange, *taken))
		}
	}
}

// declareNamed declares a block that others refer to; decode fills its Go form. It says whether the name was free.
func (l *loader) declareNamed(blk *hcl.Block, schema block.Block, decode func(*block.Content)) bool {
	return l.declare(blk.Type, blk.Type, blk, expr.Declaration{Eval: func() (cty.Value, hcl.Diagnostics) {
		c := l.decode(schema, blk)
		decode(c)
		return l.referable(blk, c.Value), nil
	}})
}

// declare adds a block to the scope and reports a name that is taken or no name.
func (l *loader) declare(root, what string, blk *hcl.Block, d expr.Declaration) bool {
	if !l.validName(blk) {
		l.scope.Incomplete(root)
		return false
	}
	d.Root, d.Path, d.Range = root, blk.Labels, blk.DefRange
	if taken := l.scope.Declare(d); taken != nil {
		l.diags = l.diags.Append(block.Duplicate(what, blk.DefRange, *taken))
		return false
	}
	return true
}

// inSource lists names of arguments in the order in which they stand.
func inSource(attrs hcl.Attributes) []string {
	names := slices.Sorted(maps.Keys(attrs))
	sort.SliceStable(names, func(i, j int) bool {
		return attrs[names[i]].NameRange.Start.Byte < attrs[names[j]].NameRange.Start.Byte
	})
	return names
}
