package suite

import (
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/expr"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
	"github.com/strangeloopio/inferencex/schemas/suite/variable"
)

// mostModules bounds the modules of a suite, since modules that use others twice grow with a power of two.
const mostModules = 100

func moduleBlock() block.Block {
	return block.Block{Kind: "module", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc:  "Another folder of files, taken into the suite under a name. All other arguments are values of the module's variables.",
		Open: true,
		Args: []block.Arg{{Name: "source", Type: cty.String, Required: true, Check: block.OneLine, Doc: "The folder, beginning with ./ or ../, seen from the file that says so."}},
	}}
}

func outputBlock() block.Block {
	return block.Block{Kind: "output", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc: "A value that the user of a module refers to as module.MODULE.NAME.",
		Args: []block.Arg{
			{Name: "value", Type: cty.DynamicPseudoType, Required: true, Lazy: true, Doc: "The value; a reference to a block of the module, too."},
			{Name: "description", Type: cty.String, Provenance: true, Doc: "What the value is."},
			{Name: "sensitive", Type: cty.Bool, Default: cty.False, Doc: "The value is never shown, stored or part of a key."},
		},
	}}
}

// ofSuite are the kinds of block that a module cannot have: there is one suite, however many modules.
func ofSuite() []string { return []string{"suite", "gpu", "stage", "report", "budget"} }

// declareModule reads a module and makes its outputs known. What it declares is known inside of it only.
func (l *loader) declareModule(blk *hcl.Block) {
	name := blk.Labels[0]
	c, diags := moduleBlock().DecodeBlock(blk, nil)
	l.diags = append(l.diags, diags...)
	first, taken := l.modules[name]
	switch {
	case !l.validName(blk):
		l.scope.Incomplete("module", name)
		return
	case taken:
		l.diags = l.diags.Append(block.Duplicate("module", blk.DefRange, first))
		return
	}
	l.modules[name] = blk.DefRange
	l.scope.Group("module", name)
	var m *loader
	if !c.Broken {
		m = l.enter(name, c)
	}
	if m == nil {
		l.scope.Incomplete("module", name)
		return
	}
	l.children = append(l.children, m)
	m.declareAll()
}

// enter reads a module's files; nil if they cannot be used.
func (l *loader) enter(name string, c *block.Content) *loader {
	from, at := block.String(c.Value, "source"), c.ArgRange("source")
	if !strings.HasPrefix(from, "./") && !strings.HasPrefix(from, "../") {
		l.fail(at, "Module not local", "The source of a module is a folder on this machine, beginning with ./ or ../, but this is %q.", from)
		return nil
	}
	folder := filepath.Join(l.src.Folder, filepath.FromSlash(from))
	circle := []string{l.qualify(name)}
	for up := l; up != nil; up = up.parent {
		if sameFolder(up.src.Folder, folder) {
			l.fail(at, "Module cycle", "%s leads back into itself by way of %s. A module cannot be part of itself: take what both need into a folder of its own.", from, strings.Join(circle, " → "))
			return nil
		}
		circle = append([]string{up.describe()}, circle...)
	}
	if l.moduleCount++; l.moduleCount > mostModules {
		if l.moduleCount == mostModules+1 {
			l.fail(at, "Too many modules", "With this module the suite has more than %d. Use for_each in a benchmark for what differs in values only.", mostModules)
		}
		return nil
	}
	src, diags := source.Module(folder)
	for _, d := range diags {
		if d.Subject == nil {
			d.Subject = &at
		}
	}
	l.diags = append(l.diags, diags...)
	if diags.HasErrors() {
		l.scope.Incomplete("module", name) // an output may be among what could not be read
	}
	if len(src.Order) == 0 {
		return nil
	}
	m := &loader{world: l.world, src: src, parent: l, module: l.qualify(name), modules: map[string]hcl.Range{}, inputs: c.Attrs}
	delete(m.inputs, "source")
	m.newScope()
	l.sources = append(l.sources, src)
	return m
}

func sameFolder(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// describe names a module, or the suite.
func (l *loader) describe() string {
	if l.module == "" {
		return "the suite"
	}
	return l.module
}

// qualify puts the path of the module before a name: "x.y.name".
func (l *loader) qualify(name string) string {
	if l.module == "" {
		return name
	}
	return l.module + "." + name
}

// prefix is what stands before the address of a block in this module: "module.x.module.y.".
func (l *loader) prefix() string {
	if l.module == "" {
		return ""
	}
	return "module." + strings.ReplaceAll(l.module, ".", ".module.") + "."
}

// find is the loader that knows a block by its id, and the block's address there.
func (l *loader) find(id string) (*loader, string) {
	root := l
	for root.parent != nil {
		root = root.parent
	}
	return root.descend(id)
}

func (l *loader) descend(id string) (*loader, string) {
	for _, child := range l.children {
		if strings.HasPrefix(id, child.prefix()) {
			return child.descend(id)
		}
	}
	return l, strings.TrimPrefix(id, l.prefix())
}

// declareOutput makes a value known to the one who uses the module.
func (l *loader) declareOutput(blk *hcl.Block) {
	own := expr.Declaration{Root: "output", Eval: func() (cty.Value, hcl.Diagnostics) {
		c := l.decode(outputBlock(), blk)
		attr, ok := c.Attrs["value"]
		if !ok || c.Broken {
			return cty.DynamicVal, nil
		}
		value, _, diags := l.scope.Eval(attr.Expr)
		if block.Bool(c.Value, "sensitive") {
			value = value.Mark(block.Sensitive)
		}
		return value, diags
	}}
	if !l.declare("output", "output", blk, own) {
		if l.parent != nil {
			l.parent.scope.Incomplete("module", l.name())
		}
		return
	}
	if l.parent == nil {
		return
	}
	name := blk.Labels[0]
	l.parent.scope.Declare(expr.Declaration{
		Root: "module", Path: []string{l.name(), name}, Range: blk.DefRange,
		Eval: func() (cty.Value, hcl.Diagnostics) {
			v, _ := l.scope.Lookup("output." + name)
			return v, nil
		},
	})
}

// name is the last part of the module's path.
func (l *loader) name() string { return l.module[strings.LastIndex(l.module, ".")+1:] }

// readInputs collects what the module block gives for the module's variables.
func (l *loader) readInputs(declared []string) {
	var diags hcl.Diagnostics
	l.values, diags = variable.Inputs(l.module, l.inputs, declared, l.opt.Getenv, l.parent.scope.Eval)
	l.diags = append(l.diags, diags...)
}
