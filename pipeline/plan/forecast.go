package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// forecast warns of what a provider will make otherwise than the suite says, at the provider's block.
func forecast(acquired []*deployment, providers Providers) []*hcl.Diagnostic {
	var all []*hcl.Diagnostic
	for _, d := range acquired {
		for _, p := range providers.Forecast(d.planned()) {
			all = append(all, warning(d, p.Summary, p.Detail))
		}
	}
	return all
}

// shortTTLs warns of deployments that their provider will end before their cells are measured.
func shortTTLs(acquired []*deployment, busy map[addr.Step]time.Duration) []*hcl.Diagnostic {
	var all []*hcl.Diagnostic
	for _, d := range acquired {
		if ttl, expected := d.provider.TTL, busy[d.at(Deploy)]; ttl > 0 && expected > ttl {
			all = append(all, warning(d, "Short time limit", fmt.Sprintf(
				"The cells on %s are expected to take about %s, and the provider ends the deployment "+
					"after ttl = %q. Raise the ttl, or measure fewer cells at a time with -target.",
				d.key, expected.Round(time.Minute), ttl)))
		}
	}
	return all
}

func warning(d *deployment, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &d.provider.Range,
	}
}

// mergeWarnings makes one warning of those that differ in their figures alone: it has those of the first
// deployment, and says how many other deployments of the provider it holds of.
func mergeWarnings(all []*hcl.Diagnostic) hcl.Diagnostics {
	var merged hcl.Diagnostics
	var others []int // of each
	for _, w := range all {
		at := slices.IndexFunc(merged, func(m *hcl.Diagnostic) bool {
			return m.Summary == w.Summary && *m.Subject == *w.Subject
		})
		switch {
		case at < 0:
			merged, others = append(merged, w), append(others, 0)
		case merged[at].Detail != w.Detail:
			others[at]++
		}
	}
	for i, n := range others {
		if n > 0 {
			merged[i].Detail += fmt.Sprintf(" The same holds, with other figures, of %s of this provider.",
				plural.Of(n, "other deployment"))
		}
	}
	return merged
}
