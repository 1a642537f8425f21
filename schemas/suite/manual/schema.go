// Package manual writes the language down for its readers: as a JSON Schema for editors and files in JSON, and in
// Markdown.
//
// Its invariant: it says nothing that the definitions do not say. What decodes a block is what documents it.
package manual

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// object is a part of a schema.
type object = map[string]any

// Patterns of texts.
const (
	expressionPattern = `\$\{|%\{`
	durationPattern   = `^([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)`
	numberPattern     = `^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`
	boolPattern       = `^(true|false)$`
	percentPattern    = `^\s*[0-9.]+(e[+-]?[0-9]+)?%\s*$`
)

// JSONSchema writes the JSON Schema, of draft 2020-12, of files with these blocks. A file that fits it can still be
// wrong; one that does not fit it is.
func JSONSchema(title string, blocks []block.Block) ([]byte, error) {
	w := writer{
		"expression": object{"description": "An expression in a text, such as \"${var.n + 1}\".", "type": "string", "pattern": expressionPattern},
		"digits":     object{"description": "A number in a text.", "type": "string", "pattern": numberPattern},
		"truth":      object{"description": "True or false in a text.", "type": "string", "pattern": boolPattern},
	}
	properties := object{"//": comment()}
	for _, b := range blocks {
		properties[b.Kind] = w.labelled(b.Kind, b, b.Body, b.Labels)
	}
	root := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "$defs": w,
		"type": "object", "properties": properties, "additionalProperties": false,
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write JSON Schema: %w", err)
	}
	return out.Bytes(), nil
}

// writer collects the schemas of bodies by the path of kinds that leads to them: "benchmark.matrix".
type writer object

// body is a reference to the schema of a body, which is written down if it is not yet.
func (w writer) body(path string, b block.Body) object {
	if _, done := w[path]; !done {
		w[path] = object{}
		w[path] = w.content(path, b)
	}
	return reference(path)
}

func comment() object { return object{"description": "A comment."} }

// content is the schema of what stands between the braces of a block.
func (w writer) content(path string, b block.Body) object {
	properties := object{"//": comment()}
	var required []string
	for _, a := range b.Args {
		properties[a.Name] = argument(a)
		if a.Required {
			required = append(required, a.Name)
		}
	}
	made := object{}
	for _, n := range b.Blocks {
		properties[n.Kind] = w.labelled(path+"."+n.Kind, n, n.Body, n.Labels)
		made[n.Kind] = manyOf(w.dynamic(path+"."+n.Kind, n.Body))
	}
	for _, name := range b.Names {
		properties[name] = object{"type": []string{"number", "string"}}
	}
	if len(made) > 0 {
		properties[block.Dynamic] = object{"type": "object", "properties": made, "additionalProperties": false}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": b.Open && b.Names == nil, "description": b.Doc}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// dynamic is the schema of a dynamic block that makes blocks with the body at a path.
func (w writer) dynamic(path string, b block.Body) object {
	d := block.DynamicBlock().Body
	d.Blocks = nil
	s := w.content("", d)
	s["properties"].(object)["content"] = w.body(path, b)
	s["required"] = []string{"for_each", "content"}
	return s
}

// manyOf is one of something, or a list.
func manyOf(one object) object {
	return object{"anyOf": []any{one, object{"type": "array", "items": one}}}
}

// onceOf is one of something, or a list of no more.
func onceOf(one object) object {
	return object{"anyOf": []any{one, object{"type": "array", "items": one, "maxItems": 1}}}
}

// labelled is the schema of all blocks of a kind: an object for each label, and in the innermost the body, or a list of
// bodies.
func (w writer) labelled(path string, b block.Block, body block.Body, labels []string) object {
	if len(labels) == 0 && !b.Many && len(b.Labels) == 0 {
		return onceOf(w.body(path, body))
	}
	if len(labels) == 0 {
		return manyOf(w.body(path, body))
	}
	s := object{"type": "object", "description": fmt.Sprintf("By %s. %s", labels[0], body.Doc)}
	if b.Variants == nil || len(labels) < len(b.Labels) {
		s["additionalProperties"] = w.labelled(path, b, body, labels[1:])
		if !b.Many {
			s["maxProperties"] = 1
			return onceOf(w.define(path+"-by-"+labels[0], s))
		}
		return manyOf(w.define(path+"-by-"+labels[0], s))
	}
	properties := object{}
	for name, variant := range b.Variants {
		properties[name] = w.labelled(path+":"+name, b, variant, labels[1:])
	}
	s["properties"], s["additionalProperties"] = properties, false
	return manyOf(w.define(path+"-by-"+labels[0], s))
}

// define writes a schema down under a name, and is a reference to it.
func (w writer) define(name string, s object) object {
	w[name] = s
	return reference(name)
}

// argument is the schema of a value: what it looks like, or an expression, or null where it may be left out.
func argument(a block.Arg) object {
	shapes := value(a, a.Type)
	if len(shapes) > 0 {
		shapes = append(shapes, reference("expression"))
		if !a.Required {
			shapes = append(shapes, object{"type": "null"})
		}
	}
	s := object{"description": a.Doc}
	if len(shapes) > 0 {
		s["anyOf"] = shapes
	}
	if a.Default != cty.NilVal {
		if text, err := ctyjson.Marshal(a.Default, a.Default.Type()); err == nil {
			s["default"] = json.RawMessage(text)
		}
	}
	return s
}

func reference(def string) object { return object{"$ref": "#/$defs/" + def} }

// value are the schemas of a value of a type by the rules of its argument, one of which fits; none for anything.
func value(a block.Arg, ty cty.Type) []any {
	list := ty.IsListType() || ty.IsSetType()
	switch {
	case list:
		s := object{"type": "array"}
		if element := value(a, ty.ElementType()); element != nil {
			s["items"] = object{"anyOf": append(element, reference("expression"))}
		}
		return []any{s}
	case ty.IsMapType():
		s := object{"type": "object"}
		if element := value(block.Arg{Bounds: a.Bounds}, ty.ElementType()); element != nil {
			s["additionalProperties"] = object{"anyOf": append(element, reference("expression"), object{"type": "null"})}
		}
		return []any{s}
	case a.Schema != nil:
		return []any{a.Schema()}
	case a.Ref != "":
		return []any{object{"type": "string", "pattern": `^\$\{`}}
	case ty == cty.Bool:
		return []any{object{"type": "boolean"}, reference("truth")}
	case ty == cty.Number:
		return []any{number(a.Bounds), reference("digits")}
	case ty == cty.String:
		return []any{text(a)}
	}
	return nil
}

func number(b *block.Bounds) object {
	s := object{"type": "number"}
	if b == nil {
		return s
	}
	if b.Integer {
		s["type"] = "integer"
	}
	if b.Min != nil && b.Above {
		s["exclusiveMinimum"] = *b.Min
	} else if b.Min != nil {
		s["minimum"] = *b.Min
	}
	if b.Max != nil {
		s["maximum"] = *b.Max
	}
	return s
}

func text(a block.Arg) object {
	switch {
	case a.OneOf != nil:
		return object{"type": "string", "enum": a.OneOf}
	case a.Format == block.Duration:
		return object{"type": "string", "pattern": durationPattern}
	case a.Format == block.Percent:
		return object{"type": "string", "pattern": percentPattern}
	}
	return object{"type": []string{"string", "number", "boolean"}} // the others are texts of themselves
}
