package matrix

import (
	"fmt"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// entryLists are the arguments of a matrix that list combinations.
func entryLists() []block.Arg {
	entries := cty.List(cty.DynamicPseudoType)
	return []block.Arg{
		{Name: "exclude", Type: entries, Lazy: true, Doc: "Combinations to leave out, such as [{ gpus = 1, users = 16 }]; an axis that is not named may have any value."},
		{Name: "include", Type: entries, Lazy: true, Doc: "Combinations to add; axes that are not named are taken from beside the matrix."},
		{Name: "only", Type: entries, Lazy: true, Doc: "Exactly these combinations, and no axes."},
	}
}

// Block is the schema of a matrix block with these axes.
func Block(axes []block.Arg) block.Block {
	var args []block.Arg
	for _, a := range axes {
		args = append(args, block.Arg{Name: a.Name, Type: cty.List(a.Type), Ref: a.Ref, Bounds: a.Bounds, Schema: a.Schema, Word: a.Word, Lazy: true, Doc: a.Doc})
	}
	return block.Block{Kind: "matrix", Body: block.Body{
		Doc:  "What varies: every combination of the lists is measured.",
		Args: append(append(args, entryLists()...), When()),
	}}
}

// When is the argument that chooses among the combinations of the lists.
func When() block.Arg {
	return block.Arg{Name: "when", Type: cty.Bool, Lazy: true, Doc: "A condition on each combination, such as cell.users >= cell.gpus; those for which it is false are left out. Null leaves none out."}
}

// Decoder reads the axes of a benchmark, beside its matrix and in it.
type Decoder struct {
	Axes []block.Arg // in order, the slowest first
	Eval block.Eval
	// Point decodes one value on an axis: nil for null. ok is false where it is in error or unknown.
	Point func(a block.Arg, e hcl.Expression) (p *Value, ok bool, diags hcl.Diagnostics)
	// Cell is what a condition on a row refers to as cell.
	Cell func(order []string, r Row) cty.Value

	diags hcl.Diagnostics
}

// Decode reads the matrix of a decoded benchmark body and the axes beside it. known is false where something is in
// error, here or in what is referred to, so that the rows cannot be told.
func (d *Decoder) Decode(c *block.Content) (m Matrix, known bool, diags hcl.Diagnostics) {
	d.diags = nil
	m.Range, m.Fixed, known = c.Range, map[string]*Value{}, true
	for _, a := range d.Axes {
		m.Order = append(m.Order, a.Name)
		if attr, ok := c.Attrs[a.Name]; ok {
			p, ok := d.point(a, attr.Expr)
			known = known && ok
			if p != nil {
				m.Fixed[a.Name] = p
			}
		}
	}
	if body := c.Only("matrix"); body != nil {
		m.Range = body.Range
		known = d.varying(&m, body, c.Attrs) && known && !body.Broken
	}
	return m, known, d.diags
}

// varying reads the matrix block itself.
func (d *Decoder) varying(m *Matrix, body *block.Content, beside map[string]*hcl.Attribute) (known bool) {
	known = true
	for _, a := range d.Axes {
		attr, ok := body.Attrs[a.Name]
		if !ok {
			continue
		}
		if other, both := beside[a.Name]; both {
			d.fail(attr.NameRange, "Axis given twice", "%q stands beside the matrix too, at %s. What varies stands in the matrix only.", a.Name, block.Place(other.NameRange))
			known = false
		}
		axis := Axis{Name: a.Name, Range: attr.Expr.Range()}
		ok = d.elements(attr.Expr, fmt.Sprintf("values for %q", a.Name), func(e hcl.Expression) bool {
			p, ok := d.point(a, e)
			if ok && p == nil {
				d.fail(e.Range(), "Null on an axis", "A value for %q is null. Leave it out.", a.Name)
				return false
			}
			axis.Values = append(axis.Values, p)
			return ok
		})
		known = known && ok
		m.Axes = append(m.Axes, axis)
	}
	into := map[string]*[]Entry{"exclude": &m.Exclude, "include": &m.Include, "only": &m.Only}
	for _, list := range entryLists() {
		if attr, ok := body.Attrs[list.Name]; ok {
			known = d.entries(attr.Expr, into[list.Name]) && known
		}
	}
	if attr, ok := body.Attrs["when"]; ok {
		m.When = func(r Row) (keep, known bool, diags hcl.Diagnostics) { return d.when(attr.Expr, m.Order, r) }
	}
	if _, m.HasOnly = body.Attrs["only"]; m.HasOnly && len(body.Attrs) > 1 {
		d.fail(body.Attrs["only"].NameRange, "Only stands alone", "\"only\" lists all combinations, so the other arguments of this matrix would have no effect. Take them out, or use \"include\".")
		known = false
	}
	return known
}

// entries reads one of exclude, include and only.
func (d *Decoder) entries(e hcl.Expression, into *[]Entry) bool {
	return d.elements(e, "combinations", func(e hcl.Expression) bool {
		entry, ok := d.entry(e)
		*into = append(*into, entry)
		return ok
	})
}

// elements calls each for the elements of a list, each with its own range if the list is written out. It is false if
// the list is not known or each was false.
func (d *Decoder) elements(e hcl.Expression, what string, each func(hcl.Expression) bool) bool {
	known := true
	if written, diags := hcl.ExprList(e); !diags.HasErrors() {
		for _, element := range written {
			known = each(element) && known
		}
		return known
	}
	v, ok := d.value(e)
	if !ok {
		return false
	}
	if ty := v.Type(); v.IsNull() || !ty.IsListType() && !ty.IsTupleType() && !ty.IsSetType() {
		d.fail(e.Range(), "List expected", "A list of %s is expected here, but this is %s. Put it in brackets.", what, block.Noun(ty))
		return false
	}
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		known = each(hcl.StaticExpr(element, e.Range())) && known
	}
	return known
}

// entry reads one combination: an object whose attributes are axes.
func (d *Decoder) entry(e hcl.Expression) (Entry, bool) {
	entry := Entry{Values: map[string]*Value{}, Range: e.Range()}
	known := true
	if pairs, diags := hcl.ExprMap(e); !diags.HasErrors() {
		for _, pair := range pairs {
			key := block.Arg{Name: "axis", Type: cty.String, Required: true, Doc: "The name of an axis."}
			name, diags := key.Decode(pair.Key, d.Eval)
			d.diags = append(d.diags, diags...)
			known = name.IsKnown() && d.set(entry, name.AsString(), pair.Key.Range(), pair.Value) && known
		}
		return entry, known
	}
	v, ok := d.value(e)
	if !ok {
		return entry, false
	}
	if v.IsNull() || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		d.fail(e.Range(), "Combination expected", "A combination such as { gpus = 1, users = 16 } is expected here, but this is %s.", block.Noun(v.Type()))
		return entry, false
	}
	values := v.AsValueMap()
	var names []string
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		known = d.set(entry, name, e.Range(), hcl.StaticExpr(values[name], e.Range())) && known
	}
	return entry, known
}

// set reads the point on one axis of an entry.
func (d *Decoder) set(entry Entry, name string, at hcl.Range, value hcl.Expression) bool {
	var names []string
	for _, a := range d.Axes {
		if names = append(names, a.Name); a.Name != name {
			continue
		}
		p, ok := d.point(a, value)
		if p != nil {
			entry.Values[name] = p
		}
		return ok
	}
	d.fail(at, "Unknown axis", "A matrix has no axis %q%s", name, block.Hint(name, names))
	return false
}

// when evaluates the condition for a row.
func (d *Decoder) when(e hcl.Expression, order []string, r Row) (keep, known bool, diags hcl.Diagnostics) {
	v, diags := When().Decode(block.BindExpr(e, map[string]cty.Value{"cell": d.Cell(order, r)}), d.Eval)
	if diags.HasErrors() || !v.IsKnown() {
		return false, false, diags
	}
	return v.IsNull() || v.True(), true, diags // null is as if it were left out, as everywhere
}

// value evaluates a whole expression; false if it is in error or unknown.
func (d *Decoder) value(e hcl.Expression) (cty.Value, bool) {
	v, _, diags := d.Eval(e)
	d.diags = append(d.diags, diags...)
	v, marks := v.Unmark()
	if _, impure := marks[block.Impure]; impure {
		d.fail(e.Range(), "Value from the environment", "What a matrix varies is part of keys, so it cannot come from env(). Pass the value with -var or INFERENCEX_VAR_NAME.")
		return v, false
	}
	if len(marks) > 0 {
		d.fail(e.Range(), "Sensitive value exposed", "What a matrix varies is shown in plans and results, so it cannot be sensitive.")
		return v, false
	}
	return v, v.IsKnown() && !diags.HasErrors()
}

func (d *Decoder) point(a block.Arg, e hcl.Expression) (*Value, bool) {
	p, ok, diags := d.Point(a, e)
	d.diags = append(d.diags, diags...)
	return p, ok
}

func (d *Decoder) fail(at hcl.Range, summary, format string, args ...any) {
	d.diags = d.diags.Append(fail(at, summary, fmt.Sprintf(format, args...)))
}
