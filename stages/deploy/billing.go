package deploy

import (
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// usualStartup is how long a server takes to load a model, for estimates.
const usualStartup = 5 * time.Minute

// Biller is the optional power of a provider to say how its servers are paid for. Those of the others are billed from create to destroy.
type Biller interface {
	Billing() stage.Billing
}

// Billing returns how the servers of each provider are paid for, by its type.
func (k *Kind) Billing() map[string]stage.Billing {
	all := map[string]stage.Billing{}
	for name, p := range k.providers {
		all[name] = stage.Billing{Startup: usualStartup}
		if b, ok := p.(Biller); ok {
			all[name] = b.Billing()
		}
	}
	return all
}
