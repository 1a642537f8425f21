package plan

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
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

// warnings are what a provider's deployments are warned of, one for all that share it.
type warnings []*warning

type warning struct {
	hcl.Diagnostic
	others int // deployments with other figures
}

// warnAt warns of something. Deployments of one provider differ in the figures: the first one's are told.
func (b *builder) warnAt(subject hcl.Range, summary, detail string) {
	at := slices.IndexFunc(b.warnings, func(w *warning) bool { return w.Summary == summary && *w.Subject == subject })
	if at < 0 {
		b.warnings = append(b.warnings, &warning{Diagnostic: hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &subject}})
		return
	}
	if b.warnings[at].Detail != detail {
		b.warnings[at].others++
	}
}

// diagnostics returns the warnings with how many share each.
func (all warnings) diagnostics() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, w := range all {
		if w.others > 0 {
			w.Detail += " The same holds, with other figures, of " + plural.Of(w.others, "other deployment") + " of this provider."
		}
		diags = append(diags, &w.Diagnostic)
	}
	return diags
}
