package view

import (
	"bufio"
	"fmt"
	"io"

	"github.com/strangeloopio/inferencex/pipeline/plan"
)

var actionSigns = map[plan.Action]string{plan.Run: "+", plan.Reuse: "=", plan.Skip: " "}

// Plan prints what would be done: one line a step, with its reason, and the sum.
func Plan(out io.Writer, p *plan.Plan) error {
	w := bufio.NewWriter(out)
	for _, step := range p.Steps {
		fmt.Fprintf(w, "%s %-6s %s  (%s)\n", actionSigns[step.Action], step.Action, step.Address, step.Reason)
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "Warning: %s\n", warning)
	}
	fmt.Fprintf(w, "\nPlan: %s\n", Sum(p))
	return w.Flush()
}

// Sum says in one sentence what a plan comes to.
func Sum(p *plan.Plan) string {
	measure, sealed := p.Count(plan.Load, plan.Run), p.Count(plan.Load, plan.Reuse)
	if measure == 0 {
		return fmt.Sprintf("nothing to measure: %s sealed.", count(sealed, "cell"))
	}
	return fmt.Sprintf("%s to measure on %s, %s sealed.", count(measure, "cell"), count(p.Count(plan.Deploy, plan.Run), "deployment"), count(sealed, "cell"))
}
