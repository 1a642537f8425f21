package plan_test

import "github.com/strangeloopio/inferencex/pipeline/stage"

// providers are those of a test: each answer that it does not set is that nothing is known.
type providers struct {
	context   int
	check     func(stage.Planned) []stage.Problem
	forecast  func(stage.Planned) []stage.Problem
	billing   stage.Billing
	simulated bool
}

func (p providers) Check(d stage.Planned) []stage.Problem {
	if p.check == nil {
		return nil
	}
	return p.check(d)
}

func (p providers) Context(stage.Planned) int { return p.context }

func (p providers) Forecast(d stage.Planned) []stage.Problem {
	if p.forecast == nil {
		return nil
	}
	return p.forecast(d)
}

func (p providers) Billing(string) stage.Billing  { return p.billing }
func (p providers) SimulatedByDesign(string) bool { return p.simulated }
