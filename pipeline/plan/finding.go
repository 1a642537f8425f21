package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// finding is a mistake that a pass finds in a cell.
type finding struct {
	place          int // of the cell in the suite
	subject        hcl.Range
	summary, about string
}

// find makes a finding about a cell at a place in the suite's file.
func find(c *cell, subject hcl.Range, summary, format string, args ...any) finding {
	return finding{place: c.place, subject: subject, summary: summary, about: fmt.Sprintf(format, args...)}
}

// inOrder returns the findings of passes as diagnostics: in the order of the suite's cells and, of one cell,
// in the order of the passes. Cells that share a mistake share one diagnostic, at the first of them.
func inOrder(passes ...[]finding) hcl.Diagnostics {
	all := slices.Concat(passes...)
	slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(a.place, b.place) })
	var diags hcl.Diagnostics
	told := map[string]bool{}
	for _, f := range all {
		if !told[f.about] {
			told[f.about] = true
			diags = append(diags, &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: f.summary, Detail: f.about, Subject: &f.subject,
			})
		}
	}
	return diags
}
