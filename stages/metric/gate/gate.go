// Package gate says whether a cell measured what its label says. Its invariant: the verdict follows from the reasons alone, each reason
// has one code, one severity and one documented meaning, and all reasons are given, in the order of Rules.
package gate

import (
	"slices"

	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// Severity is what a reason does to the verdict.
type Severity string

// The severities.
const (
	Note    Severity = "note"    // the numbers stand, with a remark
	Invalid Severity = "invalid" // the numbers are not those of the cell's label
)

// Validity is the verdict on a cell.
type Validity string

// The verdicts.
const (
	Valid          Validity = "valid"
	ValidWithNotes Validity = "valid_with_notes"
	NotValid       Validity = "invalid"
)

// Facts is what a load's file says of the measurement, beside its rows. A zero field switches the checks that need it
// off.
type Facts measured.Load

// Rule is one check.
type Rule struct {
	Code     string
	Severity Severity
	Doc      string // when it is given
	// check returns what was found, as the end of a sentence, or false where all is well or nothing is known.
	check func(*metric.Sample, Facts) (detail string, found bool)
}

// Reason is a rule that a cell broke, with what was found.
type Reason struct {
	Code     string
	Severity Severity
	Detail   string
}

// Verdict is the judgement of a cell.
type Verdict struct {
	Validity Validity
	Reasons  []Reason
}

// Rules returns every rule, in the order in which reasons are given: what makes a cell invalid first.
func Rules() []Rule {
	return slices.Concat(
		loadRules(), connectionRules(), openRules(), streamRules(), clientRules(), serverRules(), simulatorRules(),
		powerRules(), sizeRules(),
	)
}

// Judge applies every rule to the cell.
func Judge(s *metric.Sample, facts Facts) Verdict {
	v := Verdict{Validity: Valid}
	for _, severity := range []Severity{Invalid, Note} {
		for _, rule := range Rules() {
			if rule.Severity != severity {
				continue
			}
			if detail, found := rule.check(s, facts); found {
				v.Reasons = append(v.Reasons, Reason{rule.Code, rule.Severity, detail})
			}
		}
	}
	for _, r := range v.Reasons {
		if r.Severity == Invalid {
			v.Validity = NotValid
		} else if v.Validity == Valid {
			v.Validity = ValidWithNotes
		}
	}
	return v
}

// value computes a metric of the sample by name.
func value(s *metric.Sample, name string) (float64, bool) {
	def, ok := metric.Find(name)
	if !ok {
		panic("gate: no metric " + name)
	}
	return def.Compute(s)
}
