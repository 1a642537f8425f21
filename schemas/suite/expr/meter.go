package expr

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

const (
	// mostWork is how many elements and letters, 64 of which count as one element, all expressions of a suite together may go
	// over: about a second of work.
	mostWork = 400_000
	// mostValue is the size of a named value, counted in the same way: what refers to it may copy it.
	mostValue = 100_000
	// lettersPerElement makes texts and elements comparable.
	lettersPerElement = 64
)

// Meter bounds the work of all expressions of a suite, since a few loops in each other, or a few texts that contain each
// other twice, would take longer than anyone waits. It is not safe for concurrent use.
type Meter struct{ used int }

// tooMuch is the error of an expression that does not fit into what is left.
type tooMuch struct{}

func (tooMuch) Error() string {
	return fmt.Sprintf("this goes over too many elements: all expressions of a suite together may go over %d. Shorten the lists, or put fewer loops into each other", mostWork)
}

// exhausted says whether the bound has been met.
func (m *Meter) exhausted() bool { return m.used > mostWork }

func (m *Meter) charge(units int) error {
	if m.used += min(units, mostWork+1); m.exhausted() {
		return tooMuch{}
	}
	return nil
}

// tick is the name of a function that no one can call by it: it counts what goes through it.
const tick = "work done on"

// counting are the given functions, counted. Those that take expressions in place of values have to stay as they are; what is
// in the expressions is counted.
func (m *Meter) counting(fs map[string]function.Function) map[string]function.Function {
	out := map[string]function.Function{tick: m.tick()}
	for name, f := range fs {
		switch name {
		case "try", "can", "convert":
			out[name] = f
		default:
			out[name] = m.counted(name, f)
		}
	}
	return out
}

func (m *Meter) tick() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowMarked: true, AllowDynamicType: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			return args[0].Type(), m.charge(1 + breadth(args[0]))
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], nil },
	})
}

// counted charges for a function before it is called, at the latest when its type is asked for.
func (m *Meter) counted(name string, f function.Function) function.Function {
	return function.New(&function.Spec{
		Description: f.Description(), Params: f.Params(), VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := m.charge(cost(name, args)); err != nil {
				return cty.NilType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	})
}

// widths are the numbers in a format that make its result longer than its arguments.
var widths = regexp.MustCompile(`%[^a-zA-Z%]*?[0-9]{4,}`)

// cost is about how many elements a call goes over. Some functions go over one argument for each element of another.
func cost(name string, args []cty.Value) int {
	sum, product := 1, 1.0
	for _, a := range args {
		n := size(a, mostWork)
		sum += n
		product *= float64(1 + n)
	}
	switch name {
	case "join", "replace", "formatlist", "setproduct", "regex", "regexall", "matchkeys", "indent", "trim", "distinct", "setsubtract":
		if name == "indent" && args[0].IsKnown() && !args[0].IsNull() {
			spaces, _ := args[0].AsBigFloat().Float64()
			product *= max(1, spaces)
		}
		return int(min(product, mostWork+1))
	case "format":
		if args[0].IsKnown() && !args[0].IsNull() && args[0].Type() == cty.String && widths.MatchString(args[0].AsString()) {
			return mostWork + 1
		}
	}
	return sum
}

// breadth is the number of elements that going over a value once meets.
func breadth(v cty.Value) int {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
		return 0
	case v.Type() == cty.String:
		return len(v.AsString()) / lettersPerElement
	case v.CanIterateElements():
		return v.LengthInt()
	}
	return 0
}

// size is the number of elements of a value at all depths, or the limit if there are more.
func size(v cty.Value, limit int) int {
	n := 1 + breadth(v)
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return n
	}
	for it := v.ElementIterator(); it.Next() && n < limit; {
		_, e := it.Element()
		n += size(e, limit-n)
	}
	return min(n, limit)
}

// Guard makes the loops, splats and templates of a file count what they go over, but for arguments that have to be
// constants. Files in JSON are left as they are: the functions in them count, and the reader bounds their loops.
func Guard(f *hcl.File) {
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, blk := range body.Blocks {
		for name, attr := range blk.Body.Attributes {
			constant := blk.Type == "variable" && name != "default" || blk.Type == "module" && name == "source"
			if !constant {
				guard(attr)
			}
		}
		for _, nested := range blk.Body.Blocks {
			guard(nested)
		}
	}
}

func guard(node hclsyntax.Node) {
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ForExpr:
			n.CollExpr = ticked(n.CollExpr)
		case *hclsyntax.SplatExpr:
			n.Source = ticked(n.Source)
		case *hclsyntax.TemplateExpr:
			for i, part := range n.Parts {
				if _, literal := part.(*hclsyntax.LiteralValueExpr); !literal {
					n.Parts[i] = ticked(part)
				}
			}
		}
		return nil
	})
}

// ticked counts an expression's value. It is a call, so that everything that looks for variables in it finds them.
func ticked(e hclsyntax.Expression) hclsyntax.Expression {
	if call, ok := e.(*hclsyntax.FunctionCallExpr); ok && call.Name == tick {
		return e
	}
	at := e.Range()
	return &hclsyntax.FunctionCallExpr{Name: tick, Args: []hclsyntax.Expression{e}, NameRange: at, OpenParenRange: at, CloseParenRange: at}
}

// overdrawn is what is said of the expression that met the bound. What others say after it is a consequence.
func overdrawn(at hcl.Range) *hcl.Diagnostic {
	text := tooMuch{}.Error()
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too much to evaluate", Detail: strings.ToUpper(text[:1]) + text[1:] + ".", Subject: &at}
}
