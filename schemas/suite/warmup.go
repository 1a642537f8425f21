package suite

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// warmupSettles is the word that stands in place of a number of requests.
const warmupSettles = "settle"

// warmupArg is the argument of a workload that says how its servers are warmed up.
func warmupArg() block.Arg {
	return block.Arg{
		Name: "warmup", Type: cty.DynamicPseudoType, Check: checkWarmup, Word: "number or \"settle\"",
		Schema: func() map[string]any {
			return map[string]any{"anyOf": []any{map[string]any{"type": "integer", "minimum": 0}, map[string]any{"const": warmupSettles}}}
		},
		Doc: "Requests before the measured ones, on each deployment once and at least one for each user; 0 for none, so that its first cell meets a cold server. " +
			"\"settle\" sends them until the time to the first token has settled: until the medians of three windows of answers in a row, each of one for every user and at least 16, " +
			"differ by no more than a tenth or than chance. After 32 windows it warns and goes on. When omitted, one for each user.",
	}
}

func checkWarmup(v cty.Value) error {
	v = digitsOf(v)
	switch {
	case v.Type() == cty.Number:
		return block.Integer(0)(v)
	case v.Type() == cty.String && v.AsString() == warmupSettles:
		return nil
	case v.Type() == cty.String:
		return fmt.Errorf("%q is no warm-up; write a number of requests, or %q", v.AsString(), warmupSettles)
	}
	return fmt.Errorf("%s is no warm-up; write a number of requests, or %q", block.Noun(v.Type()), warmupSettles)
}

// decodeWarmup reads what checkWarmup has let pass; an unknown value is as none.
func (l *loader) decodeWarmup(w *Workload, c *block.Content) {
	v, _ := c.Value.GetAttr("warmup").Unmark()
	v = digitsOf(v)
	l.autoWarmup[w] = true
	switch {
	case !v.IsKnown() || v.IsNull():
	case v.Type() == cty.String:
		w.Settle = true
	default:
		n, _ := v.AsBigFloat().Int64()
		w.Warmup, l.autoWarmup[w] = int(n), false
		if n == 0 {
			l.warn(c.ArgRange("warmup"), "No warm-up", "The first cell of workload %q that is measured on a deployment measures what a server does only once, too; which cell that is depends on what is sealed already. Leave warmup out to keep that apart.", w.Name)
			return
		}
		l.warmupAt[w] = c.ArgRange("warmup")
	}
}

// resolveWarmup sets the warm-up of a cell, and says where it is not what its workload asks for.
func (l *loader) resolveWarmup(c *Cell, declared *Workload) {
	w := &c.Workload
	switch {
	case l.autoWarmup[declared] && c.Users == 0:
		w.Warmup = warmupAtRate
	case l.autoWarmup[declared]:
		w.Warmup = c.Users
	case w.Warmup > 0 && w.Warmup < c.Users && l.warmupAt[declared] != hcl.Range{}:
		l.warn(l.warmupAt[declared], "Warm-up raised", "Workload %q has warmup = %d, but a cell has %d users, and each warms up with one request at least. Leave warmup out, or write 0 for none.", w.Name, w.Warmup, c.Users)
		l.warmupAt[declared] = hcl.Range{} // once is enough
	}
}
