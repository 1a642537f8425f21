package suite

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
)

// ConsoleFile is the name under which diagnostics speak of what was typed.
const ConsoleFile = "console"

// Console evaluates expressions against the declarations of a suite: its variables, locals and blocks.
type Console struct{ loader *loader }

// NewConsole reads a suite as Load does, but for its benchmarks: an expression can be tried while they are still wrong. The Console is nil if
// and only if a diagnostic is an error.
func NewConsole(path string, opt Options) (*Console, map[string]*hcl.File, hcl.Diagnostics) {
	src, diags := source.Read(path, opt.VarFiles)
	if diags.HasErrors() {
		return nil, src.Files, diags
	}
	l := newLoader(src, opt)
	l.declareAll()
	l.evaluate()
	files := l.collect()
	diags = append(diags, files.Sort(l.redact(l.diags))...)
	l.mask(files.Files)
	if diags.HasErrors() {
		return nil, src.Files, diags
	}
	return &Console{l}, src.Files, diags
}

// Eval evaluates one expression. What is sensitive in its value is replaced by the text "(sensitive)". The line, from
// 1, is where diagnostics say that it stands, in a file in which nothing but line ends is before it.
func (c *Console) Eval(text string, line int) (cty.Value, hcl.Diagnostics) {
	e, diags := hclsyntax.ParseExpression([]byte(text), ConsoleFile, hcl.Pos{Line: line, Column: 1, Byte: line - 1})
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	v, _, found := c.loader.scope.Eval(e)
	if diags = append(diags, c.loader.redact(found)...); diags.HasErrors() {
		return cty.NilVal, diags
	}
	return block.Veiled(v), diags
}
