package plan

import (
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

func (b *builder) checkQuota(c suite.Cell) {
	name := providerName(c.Provider)
	if len(c.Provider.Quota) > 0 {
		b.plan.Quota[name] = maps.Clone(c.Provider.Quota)
	}
	quota, limited := c.Provider.Quota[c.GPUType]
	if limited && quota < c.GPUs {
		b.fail(c, "Quota too small", fmt.Sprintf("A deployment of this benchmark holds %d × %s at once, but provider %s has quota = { %s = %d }. Raise the quota or drop the cells with gpus = %d.",
			c.GPUs, c.GPUType, name, c.GPUType, quota, c.GPUs))
	}
}

// checkProvider asks the provider what it can tell before it is asked to create anything.
func (b *builder) checkProvider(c suite.Cell, d *deployment) {
	if b.Check == nil {
		return
	}
	for _, p := range b.Check(c.Provider.Type, withSecrets(d), unkeyed(c.Provider.Config, c.Provider.KeyConfig)) {
		subject := c.Range
		switch {
		case p.Where == "provider":
			subject = c.Provider.Range
		case p.Where == "model":
			subject = c.Model.Range
		case p.Where == "engine" && c.Engine != nil:
			subject = c.Engine.Range
		}
		b.failAt(subject, p.Summary, p.Detail)
	}
}

// checkContext refuses a cell whose requests are longer than its server takes: each of them would fail. The lengths of a distribution are drawn
// as the load will draw them, so that one without an end is refused only if it comes to too long a request.
func (b *builder) checkContext(c suite.Cell, d *deployment) {
	if c.Workload.Dataset != nil {
		b.checkTexts(c, d)
		return
	}
	if d.context == 0 {
		return
	}
	if most, bounded := mostTokens(c); bounded && most <= d.context || b.longest(c) <= d.context {
		return
	}
	if !c.Workload.Turns.IsZero() {
		b.fail(c, "Conversations too long", fmt.Sprintf("With turns = %s, isl = %s and osl = %s, workload %q has conversations that grow to %d tokens, but the server takes %d. "+
			"Have fewer turns, shorten isl or osl, give a distribution a lower max, or let the engine have a longer context.",
			c.Workload.Turns.Describe(), c.Input.Describe(), c.Output.Describe(), c.Workload.Name, b.longest(c), d.context))
		return
	}
	b.fail(c, "Requests too long", fmt.Sprintf("With isl = %s and osl = %s, workload %q has requests of up to %d tokens, input and output together, but the server takes %d. "+
		"Shorten them, give a distribution a lower max, or let the engine have a longer context.", c.Input.Describe(), c.Output.Describe(), c.Workload.Name, b.longest(c), d.context))
}

// checkWarmup refuses a cell that would meet a cold server, or a warm one, by what other cells of its deployment are to.
func (b *builder) checkWarmup(c suite.Cell, d *deployment) {
	if len(d.cells) == 0 || (d.cells[0].Workload.Warmup == 0) == (c.Workload.Warmup == 0) {
		return
	}
	cold, warm := c, d.cells[0].Cell
	if c.Workload.Warmup > 0 {
		cold, warm = warm, c
	}
	b.failAt(cold.Workload.Range, "Warm-up of some cells only", fmt.Sprintf("Workload %q has warmup = 0, but workload %q warms up the deployments that both are measured on. "+
		"Give both a warm-up or neither, or measure them by providers of their own.", cold.Workload.Name, warm.Workload.Name))
}

// longest is the most tokens of a request in any trial of a cell. Cells with the same lengths draw the same, so they are drawn once.
func (b *builder) longest(c suite.Cell) int {
	most := 0
	for trial := 1; trial <= c.Trials; trial++ {
		w := c.Workload
		key := string(canonicalJSON([]any{c.Input, c.Output, trial, w.Requests, w.Turns, w.SharedPrefixTokens}))
		if _, known := b.longests[key]; !known {
			b.longests[key] = mustDraw(longestDrawn(c, b.Suite.Seed, trial))
		}
		most = max(most, b.longests[key])
	}
	return most
}

// withSecrets returns a deployment's spec with the names of its secret environment variables, which the plan keeps apart.
func withSecrets(d *deployment) stage.Deployment {
	spec := d.spec
	spec.Engine.Env = maps.Clone(spec.Engine.Env)
	if d.engine == nil {
		return spec
	}
	for name, text := range d.engine.Env {
		if text.Sensitive() {
			if spec.Engine.Env == nil {
				spec.Engine.Env = map[string]string{}
			}
			spec.Engine.Env[name] = text.String()
		}
	}
	return spec
}

// checkTTL warns of a deployment that its provider will end before its cells are measured.
func (b *builder) checkTTL(d *deployment, expected time.Duration) {
	if ttl := d.provider.TTL; ttl > 0 && expected > ttl {
		b.warnAt(d.provider.Range, "Short time limit", fmt.Sprintf("The cells on %s are expected to take about %s, and the provider ends the deployment after ttl = %q. "+
			"Raise the ttl, or measure fewer cells at a time with -target.", d.key, expected.Round(time.Minute), ttl))
	}
}

// checkBudget refuses a plan that is estimated to cost more than the suite allows.
func (b *builder) checkBudget() {
	budget, estimate := b.Suite.Budget, b.plan.Estimate
	if budget.USD <= 0 || estimate.USD <= budget.USD {
		return
	}
	b.failAt(budget.Range, "Over budget", fmt.Sprintf("The plan is estimated to cost $%.2f and the budget is $%.2f. "+
		"Measure fewer cells at a time with -target, make the workload smaller, or raise the budget.", estimate.USD, budget.USD))
}

func (b *builder) noCells() {
	detail := "The suite has no benchmark block, so there is nothing to measure. Add one: inferencex init shows an example."
	switch {
	case len(b.Exclude) > 0:
		detail = fmt.Sprintf("-exclude %s leaves no cell. inferencex plan lists the addresses of all cells.", b.Exclude[0])
	case len(b.Targets) > 0:
		detail = fmt.Sprintf("No cell of the suite matches -target %s. inferencex plan lists the addresses of all cells.", b.Targets[0])
	}
	b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Nothing to measure", Detail: detail})
}

func (b *builder) fail(c suite.Cell, summary, detail string) { b.failAt(c.Range, summary, detail) }

// failAt reports what is wrong, once for all cells that share it.
func (b *builder) failAt(subject hcl.Range, summary, detail string) {
	for _, d := range b.diags {
		if d.Detail == detail {
			return
		}
	}
	b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &subject})
}
