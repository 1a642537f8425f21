package deploy

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Forecaster is the optional power to tell beforehand what a server will be otherwise than the suite says,
// for loads that are planned on it and on this machine. Nothing of it keeps the server from being made: what
// does is for Checker to tell.
type Forecaster interface {
	Forecast(args cty.Value, d stage.Deployment, demands []stage.Demand) []stage.Problem
}

// Forecast tells what a provider will make otherwise than the suite says. A provider that cannot tell
// foresees nothing.
func (k *Kind) Forecast(d stage.Planned) []stage.Problem {
	provider, args, problem := k.planned(d)
	if problem != nil {
		return nil // Check reports it
	}
	if f, ok := provider.(Forecaster); ok {
		return f.Forecast(args, d.Deployment, d.Demands)
	}
	return nil
}
