package simulator

import (
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

var _ deploy.Biller = (*Provider)(nil)

// Billing says that the servers cost nothing.
func (*Provider) Billing() stage.Billing { return stage.Billing{Free: true} }
