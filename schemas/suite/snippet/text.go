package snippet

import (
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/plural"
)

// harmless is a text in which what a terminal would act on is written out: "\x1b". Line ends and tabs stay.
func harmless(text string) string {
	acts := func(r rune) bool {
		return r != '\n' && r != '\t' && (r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control))
	}
	if strings.IndexFunc(text, acts) < 0 {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case !acts(r):
			b.WriteRune(r)
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(text[i:])
			if size > 1 {
				b.WriteRune(r) // it stands there as such
				continue
			}
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// wrap breaks the lines of a text at blanks, so that none is longer than width but for words that are.
func wrap(text string, width int) string {
	if width <= 0 {
		return text
	}
	var out []string
	for _, line := range strings.Split(text, "\n") {
		current := ""
		for i, word := range strings.Split(line, " ") {
			if i > 0 && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > width {
				out = append(out, strings.TrimRight(current, " "))
				current = word
				continue
			}
			if i > 0 {
				current += " "
			}
			current += word
		}
		out = append(out, current)
	}
	return strings.Join(out, "\n")
}

// operands says what the names in an expression stood for: "with var.n as 3." Secrets and what is not known are left out.
func operands(e hcl.Expression, ctx *hcl.EvalContext) string {
	said := map[string]string{}
	for _, t := range e.Variables() {
		v, diags := t.TraverseAbs(ctx)
		if diags.HasErrors() || !v.IsKnown() || v.IsMarked() {
			continue
		}
		name := reference(t)
		said[name] = name + " as " + brief(v)
		if v.IsNull() {
			said[name] = name + " set to null"
		}
	}
	if len(said) == 0 {
		return ""
	}
	var all []string
	for _, s := range said {
		all = append(all, s)
	}
	sort.Strings(all)
	return "with " + strings.Join(all, ",\n     ") + ".\n\n"
}

// reference is a traversal as it is written.
func reference(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			b.WriteString("[" + brief(step.Key) + "]")
		}
	}
	return b.String()
}

// mostLetters is how much of a text is worth showing of a value.
const mostLetters = 100

// brief is a value in a few words.
func brief(v cty.Value) string {
	ty := v.Type()
	switch {
	case v.IsMarked() || !v.IsKnown():
		return "…"
	case v.IsNull():
		return "null"
	case ty == cty.Bool:
		return fmt.Sprint(v.True())
	case ty == cty.Number:
		return v.AsBigFloat().Text('g', 10)
	case ty == cty.String:
		return fmt.Sprintf("%q", string(firstOf([]rune(v.AsString()), mostLetters)))
	case ty.IsObjectType():
		return fmt.Sprintf("object with %s", plural.Of(len(ty.AttributeTypes()), "attribute"))
	case v.CanIterateElements():
		return fmt.Sprintf("%s with %s", ty.FriendlyName(), plural.Of(v.LengthInt(), "element"))
	}
	return ty.FriendlyName()
}
