package view

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

var actionSigns = map[plan.Action]string{plan.Run: "+", plan.Reuse: "=", plan.Skip: " "}

// Plan prints what would be done: one line a step, with its reason, and the sum.
func Plan(out io.Writer, p *plan.Plan) error {
	w := bufio.NewWriter(out)
	for _, step := range p.Steps {
		fmt.Fprintf(w, "%s %-6s %s  (%s)\n", actionSigns[step.Action], step.Action, step.Address, step.Reason)
	}
	for _, asked := range p.Prompts {
		fmt.Fprintf(w, "Prompts: %s\n", prompts(asked))
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "Warning: %s\n", warning)
	}
	fmt.Fprintf(w, "\nPlan: %s\n", Sum(p))
	if p.Count(plan.Load, plan.Run) > 0 {
		fmt.Fprintf(w, "Estimate: %s\n", estimate(p.Estimate))
	}
	return w.Flush()
}

// prompts says what is known of a dataset: "chat.jsonl has 1000 entries. By the tokenizer of qwen, the first 400 of trial 1 have …".
func prompts(p plan.Prompts) string {
	text := fmt.Sprintf("%s has %s", p.Path, plural.Of(p.Entries, "entry"))
	if p.LeftOut > 0 {
		text += fmt.Sprintf(", beside %d left out", p.LeftOut)
	}
	if p.Keep != "" {
		text += ", of which those are asked with " + p.Keep
	}
	if p.Input == nil && p.Output == nil {
		return text + ". How long they are the server tells, as the model has no tokenizer."
	}
	text += fmt.Sprintf(". The first %d of trial 1 have", p.Counted)
	if p.Input != nil {
		text += " inputs of " + spread(*p.Input)
	}
	if p.Input != nil && p.Output != nil {
		text += " and"
	}
	if p.Output != nil {
		text += " answers of " + spread(*p.Output)
	}
	if p.Model != "" {
		text += ", by the tokenizer of " + p.Model
	}
	return text + "."
}

// spread says quantiles in words.
func spread(q plan.Quantiles) string {
	return fmt.Sprintf("%d tokens (p50), %d (p90), %d (p99) and %d at most", q.P50, q.P90, q.P99, q.Max)
}

// estimate says in one line what a plan is expected to take.
func estimate(e plan.Estimate) string {
	parts := []string{"about " + (time.Duration(e.Seconds/60+1) * time.Minute).String()}
	parts[0] = strings.TrimSuffix(parts[0], "0s") + " of the servers' time"
	for _, gpuType := range slices.Sorted(maps.Keys(e.GPUHours)) {
		parts = append(parts, fmt.Sprintf("%.2f %s hours", e.GPUHours[gpuType], gpuType))
	}
	if len(e.GPUHours) > len(e.Unpriced) {
		parts = append(parts, fmt.Sprintf("$%.2f", e.USD))
	}
	for _, gpuType := range e.Unpriced {
		parts = append(parts, gpuType+" without a price")
	}
	for _, provider := range slices.Sorted(maps.Keys(e.Peak)) {
		for _, gpuType := range slices.Sorted(maps.Keys(e.Peak[provider])) {
			parts = append(parts, fmt.Sprintf("at most %d × %s of %s at once", e.Peak[provider][gpuType], gpuType, provider))
		}
	}
	return strings.Join(parts, ", ") + "."
}

// Sum says in one sentence what a plan comes to.
func Sum(p *plan.Plan) string {
	measure, sealed := p.Count(plan.Load, plan.Run), p.Count(plan.Load, plan.Reuse)
	if measure == 0 {
		return fmt.Sprintf("nothing to measure: %s sealed.", plural.Of(sealed, "cell"))
	}
	twins := p.Twins()
	text := fmt.Sprintf("%s to measure on %s, %s sealed", plural.Of(measure, "cell"), plural.Of(p.Count(plan.Deploy, plan.Run), "deployment"), plural.Of(sealed-twins, "cell"))
	if twins > 0 {
		text += fmt.Sprintf(", %s the same as another", plural.Of(twins, "cell"))
	}
	return text + "."
}
