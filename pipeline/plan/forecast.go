package plan

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// demands returns what the deployment's cells ask of it, in their order and each once.
func (d *deployment) demands() []stage.Demand {
	var all []stage.Demand
	for _, c := range d.cells {
		if d := demand(c.Cell); !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	return all
}

// forecast warns of what a provider will make otherwise than the suite says, where its deployment is to run.
func (b *builder) forecast() {
	if b.Forecast == nil {
		return
	}
	runs := map[addr.Step]bool{}
	for _, step := range b.plan.Steps {
		runs[step.Address] = step.Action == Run
	}
	for _, d := range b.deployments {
		if !runs[addr.Step{Kind: Deploy, Name: providerName(d.provider), Key: d.key}] {
			continue
		}
		for _, p := range b.Forecast(d.provider.Type, withSecrets(d), unkeyed(d.provider.Config, d.provider.KeyConfig), d.demands()) {
			b.warnAt(d.provider.Range, p.Summary, p.Detail)
		}
	}
}

// warnAt warns of something, once for all deployments that share it.
func (b *builder) warnAt(subject hcl.Range, summary, detail string) {
	if !slices.ContainsFunc(b.diags, func(d *hcl.Diagnostic) bool { return d.Detail == detail }) {
		b.diags = append(b.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &subject})
	}
}
