package block

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Redacted stands where a sensitive value would.
const Redacted = "(sensitive)"

// Redact is the value with "(sensitive)" in place of every sensitive string, and null in place of other sensitive parts.
func Redact(v cty.Value) cty.Value {
	out, _ := cty.TransformWithTransformer(v, redactor{})
	out, _ = out.UnmarkDeep()
	return out
}

// redactor replaces on the way down: what is below a sensitive value is not looked at.
type redactor struct{}

func (redactor) Enter(_ cty.Path, v cty.Value) (cty.Value, error) {
	switch {
	case !v.HasMark(Sensitive):
		return v, nil
	case v.Type() == cty.String:
		return cty.StringVal(Redacted), nil
	}
	return cty.NullVal(v.Type()), nil // of the same type, so that the list it stands in stays a list
}

func (redactor) Exit(_ cty.Path, v cty.Value) (cty.Value, error) { return v, nil }

// Veiled is the value as it is shown: with the text "(sensitive)" in place of every sensitive part, whatever its type was. Collections in
// which there is one come out as tuples and objects.
func Veiled(v cty.Value) cty.Value {
	switch plain, _ := v.Unmark(); {
	case !v.ContainsMarked():
		return v
	case v.HasMark(Sensitive):
		return cty.StringVal(Redacted)
	case plain.IsNull() || !plain.IsKnown() || !plain.CanIterateElements():
		return plain
	default:
		return rebuilt(plain, func(e cty.Value) (cty.Value, bool) { return Veiled(e), true })
	}
}

// rebuilt is a collection of what each makes of its elements: a map or an object becomes an object, anything else a tuple. Each may leave one out.
func rebuilt(v cty.Value, each func(cty.Value) (_ cty.Value, keep bool)) cty.Value {
	hasNames := v.Type().IsMapType() || v.Type().IsObjectType()
	named, listed := map[string]cty.Value{}, []cty.Value{}
	for it := v.ElementIterator(); it.Next(); {
		key, e := it.Element()
		e, keep := each(e)
		switch {
		case !keep:
		case hasNames:
			named[key.AsString()] = e
		default:
			listed = append(listed, e)
		}
	}
	if hasNames {
		return cty.ObjectVal(named)
	}
	return cty.TupleVal(listed)
}

// Keyed is the part of a decoded value that a checkpoint key is made of: no provenance, no secrets, and nothing that is left out. Turning a
// secret over changes no key, and neither does a version that knows an argument more.
func (b Body) Keyed(v cty.Value) cty.Value {
	attrs := map[string]cty.Value{}
	for _, a := range b.Args {
		if arg := v.GetAttr(a.Name); !a.Provenance && !a.Lazy && !arg.IsNull() {
			attrs[a.Name] = withoutNulls(Redact(arg))
		}
	}
	return cty.ObjectVal(attrs)
}

// withoutNulls drops the attributes that are left out, of objects at any depth.
func withoutNulls(v cty.Value) cty.Value {
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return v
	}
	return rebuilt(v, func(e cty.Value) (cty.Value, bool) {
		return withoutNulls(e), !v.Type().IsObjectType() || !e.IsNull()
	})
}

// CanonicalJSON is the one form in which a value enters a checkpoint key: keys sorted, no space, secrets redacted. It
// refuses unknown values.
func CanonicalJSON(v cty.Value) ([]byte, error) {
	if !v.IsWhollyKnown() {
		return nil, fmt.Errorf("write canonical JSON: the value is not fully known")
	}
	v = Redact(v)
	out, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return nil, fmt.Errorf("write canonical JSON: %w", err)
	}
	return bytes.TrimSpace(out), nil
}

// Text is a string that may be sensitive. It prints and marshals as "(sensitive)" if it is.
type Text struct {
	text   string
	secret bool
}

// NewText makes a text from a known string value, sensitive if the value is so marked.
func NewText(v cty.Value) Text {
	plain, _ := v.Unmark()
	return Text{text: plain.AsString(), secret: v.HasMark(Sensitive)}
}

// Reveal is the text itself, for the one place that needs it.
func (t Text) Reveal() string { return t.text }

// Sensitive says whether the text is hidden when printed.
func (t Text) Sensitive() bool { return t.secret }

// String is the text, or "(sensitive)".
func (t Text) String() string {
	if t.secret {
		return Redacted
	}
	return t.text
}

// Format hides a sensitive text under every verb; the others print it as a string.
func (t Text) Format(s fmt.State, verb rune) {
	if t.secret {
		fmt.Fprint(s, Redacted)
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), t.text)
}

// MarshalJSON hides a sensitive text.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }
