package deploy

import (
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// usualStartup is how long a server takes to load a model, for estimates.
const usualStartup = 5 * time.Minute

// Biller is the optional power of a provider to say how its servers are paid for. Those of others are
// billed from create to destroy, unless they are borrowed: these run whether they are measured or not, and
// cost nothing.
type Biller interface {
	Billing() stage.Billing
}

// Billing returns how the servers of a type of provider are paid for.
func (k *Kind) Billing(providerType string) stage.Billing {
	switch p := k.providers[providerType].(type) {
	case nil:
		return stage.Billing{} // Check reports it
	case Biller:
		return p.Billing()
	case Borrower:
		return stage.Billing{Free: true}
	default:
		return stage.Billing{Startup: usualStartup}
	}
}
