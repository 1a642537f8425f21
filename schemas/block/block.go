// Package block says what may stand in a block of a suite, once: the definition that decodes a body also documents
// and exports it. A provider or a stage describes its own arguments with it and needs nothing else of the language.
//
// Its invariant: a decoded value that is known has passed every rule of its argument, and a value that broke one is
// unknown, so that nothing computed from it complains a second time.
package block

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Format is a way to write a quantity as a string with its unit.
type Format int

const (
	// Plain is a string as it stands, or no string at all.
	Plain Format = iota
	// Duration is "90s" or "1h30m". Decoding rewrites it as time.Duration.String does, so that "90s" and "1m30s" are one
	// value, and one checkpoint key.
	Duration
	// Percent is "1%" or "0.5%", not negative.
	Percent
)

// Arg is one argument of a block.
type Arg struct {
	Name     string
	Type     cty.Type
	Format   Format    // for a string that carries a unit
	Required bool      // null counts as missing
	Default  cty.Value // cty.NilVal: null when omitted
	// OneOf is the closed set of a string's values, or of the elements of a list of strings.
	OneOf []string
	// Bounds, which may be nil, are those of a number or a duration, or of the elements of a map or on an axis.
	Bounds *Bounds
	// Schema, which may be nil, gives the JSON Schema of a value whose type does not tell what it looks like. Word is what it is called then.
	Schema func() map[string]any
	Word   string
	// Check sees known values that are neither null nor marked. Its text says what was found and what to do.
	Check func(cty.Value) error
	Doc   string // one sentence, with the unit
	// Provenance is true for what is recorded but cannot change a measurement: it enters no checkpoint key.
	Provenance bool
	// Secret is true where a sensitive value may stand. Every other argument refuses one, because its value is shown.
	Secret bool
	// Ref is the kind of block that the value must be a reference to, empty for ordinary values.
	Ref string
	// Lazy leaves the expression to the caller, who finds it in Content.Attrs.
	Lazy bool
}

// Body is what stands between the braces of a block.
type Body struct {
	Doc    string
	Args   []Arg
	Blocks []Block
	// Revision counts changes of what the block stands for that change results; it is in every key that the block's arguments are in.
	Revision int
	// Open is true for a body whose argument names are the user's own. They are found, unevaluated, in Content.Attrs.
	Open bool
	// Names are those that an open body can have, where it cannot have any: whoever decodes it refuses others in words of its own.
	Names []string
}

// Block is a kind of block.
type Block struct {
	Kind   string
	Labels []string // what each label means: "name"
	Many   bool     // false: at most one stands in its parent
	Body   Body
	// Variants are the bodies by the first label, for a kind whose arguments depend on it: Body is what they share.
	Variants map[string]Body
}

// Header is the part of the definition that the parser needs.
func (b Block) Header() hcl.BlockHeaderSchema {
	return hcl.BlockHeaderSchema{Type: b.Kind, LabelNames: b.Labels}
}

// schema is the part of the definition that the parser needs to take the body apart. No argument is required here:
// the decoder says what is missing, and why it is wanted.
func (b Body) schema() *hcl.BodySchema {
	s := &hcl.BodySchema{}
	for _, a := range b.Args {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: a.Name})
	}
	for _, n := range b.Blocks {
		s.Blocks = append(s.Blocks, n.Header())
	}
	if len(b.Blocks) > 0 {
		s.Blocks = append(s.Blocks, hcl.BlockHeaderSchema{Type: Dynamic, LabelNames: []string{"kind"}})
	}
	return s
}

// nested is the definition of a kind of nested block.
func (b Body) nested(kind string) (Block, bool) {
	for _, n := range b.Blocks {
		if n.Kind == kind {
			return n, true
		}
	}
	return Block{}, false
}

// kinds lists the kinds of nested blocks.
func (b Body) kinds() []string {
	var out []string
	for _, n := range b.Blocks {
		out = append(out, n.Kind)
	}
	return out
}

// Type is the type of a decoded value: an object with one attribute for each argument that is not lazy.
func (b Body) Type() cty.Type {
	attrs := map[string]cty.Type{}
	for _, a := range b.Args {
		if !a.Lazy {
			attrs[a.Name] = a.valueType()
		}
	}
	return cty.Object(attrs)
}

// valueType is the type of the decoded value: object attributes that may be omitted are there, as null.
func (a Arg) valueType() cty.Type { return a.Type.WithoutOptionalAttributesDeep() }

// omitted is the value of an argument that is not written.
func (a Arg) omitted() cty.Value {
	if a.Default == cty.NilVal {
		return cty.NullVal(a.valueType())
	}
	return a.Default
}

// Defaults is the value of an empty body; required arguments are null.
func (b Body) Defaults() cty.Value {
	attrs := map[string]cty.Value{}
	for _, a := range b.Args {
		if !a.Lazy {
			attrs[a.Name] = a.omitted()
		}
	}
	return cty.ObjectVal(attrs)
}

// Join is this body with the arguments and blocks of another behind its own. It panics if both define a name: the
// author of a provider or a stage has chosen one that the language keeps for itself.
func (b Body) Join(other Body) Body {
	taken := map[string]bool{}
	for _, a := range b.Args {
		taken[a.Name] = true
	}
	for _, n := range b.Blocks {
		taken[n.Kind] = true
	}
	for _, a := range other.Args {
		if taken[a.Name] {
			panic("block: argument " + a.Name + " is the language's own; choose another name")
		}
	}
	for _, n := range other.Blocks {
		if taken[n.Kind] {
			panic("block: block " + n.Kind + " is the language's own; choose another name")
		}
	}
	b.Args = append(append([]Arg(nil), b.Args...), other.Args...)
	b.Blocks = append(append([]Block(nil), b.Blocks...), other.Blocks...)
	return b
}

// Select is the part of a decoded value that belongs to this body.
func (b Body) Select(v cty.Value) cty.Value {
	attrs := map[string]cty.Value{}
	for _, a := range b.Args {
		if !a.Lazy {
			attrs[a.Name] = v.GetAttr(a.Name)
		}
	}
	return cty.ObjectVal(attrs)
}
