package endpoint

import (
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

var _ deploy.Biller = Provider{}

// Billing says that the servers cost nothing: they run whether they are measured or not.
func (Provider) Billing() stage.Billing { return stage.Billing{Free: true} }
