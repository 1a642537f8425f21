package simulator

import (
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

var (
	_ deploy.Biller    = (*Provider)(nil)
	_ deploy.Simulator = (*Provider)(nil)
)

// Billing says that the servers cost nothing.
func (*Provider) Billing() stage.Billing { return stage.Billing{Free: true} }

// SimulatesByDesign marks the provider: none of its servers has hardware.
func (*Provider) SimulatesByDesign() {}
