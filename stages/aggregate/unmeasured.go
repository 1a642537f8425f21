package aggregate

import "github.com/strangeloopio/inferencex/stages/metric/gate"

// The reason codes of cells without numbers, which no rule of the gate can judge.
const (
	codeFailed      = "failed"
	codeNotMeasured = "not_measured"
)

// Unmeasured documents these codes as the gate does its own.
func Unmeasured() []gate.Rule {
	return []gate.Rule{
		{Code: codeFailed, Severity: gate.Invalid, Doc: "a step that the cell needs failed: there are no numbers"},
		{Code: codeNotMeasured, Severity: gate.Invalid, Doc: "the run ended before the cell was measured: there are no numbers"},
	}
}
