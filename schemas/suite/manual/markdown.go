package manual

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Markdown writes the reference of these blocks and functions behind an introduction: a table of arguments for each kind of block, in order.
func Markdown(title, introduction string, blocks []block.Block, functions map[string]function.Function) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s\n\n%s", title, introduction)
	for _, b := range blocks {
		section(&out, "##", header(b, nil), b.Body)
		for _, name := range slices.Sorted(maps.Keys(b.Variants)) {
			own := b.Variants[name]
			own.Args = own.Args[len(b.Body.Args):]
			own.Blocks = own.Blocks[len(b.Body.Blocks):]
			section(&out, "###", header(b, &name), own)
		}
	}
	fmt.Fprint(&out, "\n## Functions\n\n| function | |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		fmt.Fprintf(&out, "| `%s` | %s |\n", signature(name, functions[name]), cell(plainly.Replace(functions[name].Description())))
	}
	return out.Bytes()
}

// header is how a block begins: module "NAME".
func header(b block.Block, first *string) string {
	words := []string{b.Kind}
	for i, l := range b.Labels {
		if i == 0 && first != nil {
			words = append(words, fmt.Sprintf("%q", *first))
			continue
		}
		words = append(words, fmt.Sprintf("%q", strings.ToUpper(l)))
	}
	return strings.Join(words, " ")
}

// section describes one body, and the blocks in it one level below.
func section(out *bytes.Buffer, level, title string, b block.Body) {
	doc := b.Doc
	if doc == "" && len(b.Args)+len(b.Blocks) == 0 {
		doc = "Nothing of its own."
	}
	fmt.Fprintf(out, "\n%s `%s`\n", level, title)
	if doc != "" {
		fmt.Fprintf(out, "\n%s\n", doc)
	}
	if len(b.Args) > 0 {
		fmt.Fprint(out, "\n| argument | is | |\n|---|---|---|\n")
	}
	for _, a := range b.Args {
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", a.Name, cell(inWords(a)), cell(a.Doc+notes(a)))
	}
	for _, n := range b.Blocks {
		section(out, level+"#", header(n, nil), n.Body)
	}
}

// plainly says in words what a library's names of types stand for.
var plainly = strings.NewReplacer("list of dynamic", "a list", "map of dynamic", "a map", "set of dynamic", "a set")

// inWords is the type of an argument as its writer knows it.
func inWords(a block.Arg) string {
	name, many := a.Type.FriendlyName(), a.Type.IsListType()
	switch {
	case a.Ref != "":
		name = "reference to " + block.Article(a.Ref)
	case a.Schema != nil:
		name = a.Word
		if title, ok := a.Schema()["title"].(string); ok {
			name = title
		}
	case a.Format == block.Duration:
		name = "duration"
	case a.Format == block.Percent:
		name = "percentage"
	case a.Type == cty.DynamicPseudoType:
		name = "any"
	case many && a.Type.ElementType() == cty.DynamicPseudoType:
		name, many = "list of objects", false
	default:
		many = false
	}
	if many {
		name = "list of: " + name
	}
	return name + bounds(a.Bounds)
}

func bounds(b *block.Bounds) string {
	var parts []string
	if b == nil {
		return ""
	}
	if b.Integer {
		parts = append(parts, "whole")
	}
	switch {
	case b.Min != nil && b.Max != nil:
		parts = append(parts, fmt.Sprintf("%g to %g", *b.Min, *b.Max))
	case b.Min != nil && b.Above:
		parts = append(parts, fmt.Sprintf("above %g", *b.Min))
	case b.Min != nil:
		parts = append(parts, fmt.Sprintf("from %g", *b.Min))
	}
	return ", " + strings.Join(parts, ", ")
}

// notes are what a reader has to know of an argument beside its description.
func notes(a block.Arg) string {
	var out []string
	if a.Required {
		out = append(out, "Required.")
	}
	if len(a.OneOf) > 0 {
		out = append(out, "One of `"+strings.Join(a.OneOf, "`, `")+"`.")
	}
	if a.Default != cty.NilVal {
		if text, err := block.CanonicalJSON(a.Default); err == nil {
			out = append(out, fmt.Sprintf("Default: `%s`.", text))
		}
	}
	if a.Provenance {
		out = append(out, "Not part of a checkpoint key.")
	}
	if a.Secret {
		out = append(out, "May be sensitive.")
	}
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, " ")
}

// signature is how a function is called.
func signature(name string, f function.Function) string {
	var params []string
	for _, p := range f.Params() {
		params = append(params, p.Name)
	}
	if p := f.VarParam(); p != nil {
		params = append(params, p.Name+"…")
	}
	return name + "(" + strings.Join(params, ", ") + ")"
}

// cell keeps a text in its cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}
