package suite

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Unit is what an objective's limit is measured in.
type Unit string

const (
	// Seconds is the unit of "2s" and "50ms".
	Seconds Unit = "s"
	// Fraction is the unit of "1%", which is 0.01.
	Fraction Unit = "fraction"
	// Number is the unit of a number without one: the metric's own.
	Number Unit = ""
)

// Objective is a bound on a metric. On which side of the limit the metric has to stay is the metric's to say.
type Objective struct {
	Metric string
	Limit  float64 // in Unit
	Unit   Unit
	Text   string // as written: "2s"
	Range  hcl.Range
}

// sloBlock is the schema of an slo block with these metrics; with any where they are nil.
func sloBlock(metrics []string, units map[string]Unit) block.Block {
	doc := "Objectives: a metric and its limit, such as ttft_p99 = \"2s\", errors = \"1%\", output_tps = 500."
	for _, kind := range []struct {
		unit  Unit
		intro string
	}{{Seconds, "Times, with a unit"}, {Fraction, "Shares, in percent"}, {Number, "Numbers, in the unit of the metric"}} {
		var names []string
		for _, name := range metrics {
			if unit, known := units[name]; known && unit == kind.unit {
				names = append(names, "`"+name+"`")
			}
		}
		if len(names) > 0 {
			doc += fmt.Sprintf(" %s: %s.", kind.intro, strings.Join(names, ", "))
		}
	}
	return block.Block{Kind: "slo", Body: block.Body{Doc: doc, Open: true, Names: metrics}}
}

// decodeSLO reads the objectives in source order.
func (l *loader) decodeSLO(c *block.Content) []Objective {
	if c == nil {
		return nil
	}
	var out []Objective
	for _, name := range inSource(c.Attrs) {
		attr := c.Attrs[name]
		if l.opt.Metrics != nil && !has(l.opt.Metrics, name) {
			hint := block.Hint(name, l.opt.Metrics)
			if hint == "." {
				hint = ". The reference of the language lists all of them: inferencex schema."
			}
			l.fail(attr.NameRange, "Unknown metric", "There is no metric %q%s", name, hint)
		}
		limit := block.Arg{Name: name, Type: cty.DynamicPseudoType, Required: true, Check: l.checkLimit(name), Doc: "A duration, a percentage or a number."}
		v, diags := limit.Decode(attr.Expr, l.scope.Eval)
		l.diags = append(l.diags, diags...)
		if v.IsWhollyKnown() {
			o := readLimit(v)
			o.Metric, o.Range = name, attr.Range
			out = append(out, o)
		}
	}
	return out
}

func has(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// checkLimit checks for a limit in the unit of a metric.
func (l *loader) checkLimit(metric string) func(cty.Value) error {
	return func(v cty.Value) error {
		if err := checkLimit(v); err != nil {
			return err
		}
		want, known := l.opt.Units[metric]
		found := readLimit(v)
		switch {
		case want == Fraction && found.Unit == Fraction && found.Limit > 1:
			return fmt.Errorf("%q is more than the whole; the most is \"100%%\"", found.Text)
		case !known || found.Unit == want:
			return nil
		case want == Seconds && found.Unit == Number:
			return fmt.Errorf("the metric is a time, but %s has no unit; write \"%ss\", or another of ms, s, m and h", found.Text, found.Text)
		case want == Seconds:
			return fmt.Errorf("the metric is a time, but %q is a share; write a duration such as \"2s\" or \"50ms\"", found.Text)
		case want == Fraction && found.Unit == Number:
			return fmt.Errorf("the metric is a share, but %s has no sign; write \"%s%%\", or \"%g%%\" if it is meant as a part of 1", found.Text, found.Text, found.Limit*100)
		case want == Fraction:
			return fmt.Errorf("the metric is a share, but %q is a time; write a percentage such as \"1%%\"", found.Text)
		}
		return fmt.Errorf("the metric is a plain number, but %q has a unit; write the number alone", found.Text)
	}
}

func checkLimit(v cty.Value) error {
	switch {
	case v.Type() == cty.Number:
		return block.AtLeast(0)(v)
	case v.Type() != cty.String:
		return fmt.Errorf("a limit is a duration (\"2s\"), a percentage (\"1%%\") or a number, but this is %s", block.Noun(v.Type()))
	case strings.Contains(v.AsString(), "%"):
		_, err := block.ParsePercent(v.AsString())
		return err
	}
	_, err := block.ParseDuration(v.AsString())
	return err
}

// readLimit reads what checkLimit has accepted.
func readLimit(v cty.Value) Objective {
	if v.Type() == cty.Number {
		f, _ := v.AsBigFloat().Float64()
		return Objective{Limit: f, Unit: Number, Text: block.Number(v)}
	}
	text := v.AsString()
	if strings.Contains(text, "%") {
		f, _ := block.ParsePercent(text)
		return Objective{Limit: f, Unit: Fraction, Text: text}
	}
	d, _ := block.ParseDuration(text)
	return Objective{Limit: d.Seconds(), Unit: Seconds, Text: text}
}
