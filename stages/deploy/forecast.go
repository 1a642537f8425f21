package deploy

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Forecaster is the optional power to tell beforehand what a server will be otherwise than the suite says, for loads that are planned on it and on
// this machine. Nothing of it keeps the server from being made: what does is for Checker to tell.
type Forecaster interface {
	Forecast(args cty.Value, d stage.Deployment, demands []stage.Demand) []stage.Problem
}

// Forecast tells what a provider will make otherwise than the suite says. provenance holds its arguments that do not bear on results.
func (k *Kind) Forecast(providerType string, d stage.Deployment, provenance json.RawMessage, demands []stage.Demand) []stage.Problem {
	provider, ok := k.providers[providerType].(Forecaster)
	if !ok {
		return nil
	}
	args, err := arguments(k.providers[providerType].Body(), d.Provider.Config, provenance)
	if err != nil {
		return nil // which Check reports
	}
	return provider.Forecast(args, d, demands)
}
