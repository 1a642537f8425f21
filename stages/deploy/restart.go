package deploy

import (
	"context"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
)

// PortChooser is the optional power of a provider to choose the ports of its servers. Between the choice and
// the moment in which a server listens anybody may take the port.
type PortChooser interface {
	// ChoosesPort reports whether another server of these arguments would get a port of its own.
	ChoosesPort(scope Scope) bool
}

// mostStarts bounds how often a server is started whose port is taken from it.
const mostStarts = 3

// acquire creates the server and waits until it is ready. If another program has taken its port meanwhile, it
// creates the server again, which gets another port.
func (a *acquisition) acquire(ctx context.Context, ledger stage.Ledger) (stage.Live, error) {
	if err := ledger.Intend(a.record); err != nil {
		return nil, fmt.Errorf("write down that it is about to be created: %w", err)
	}
	met := 0 // strangers
	for starts := 1; ; starts++ {
		a.stranger = false
		endpoint, err := a.start(ctx, ledger)
		if err == nil {
			return &live{acquisition: a, endpoint: endpoint}, nil
		}
		if a.stranger {
			met++
		}
		left := a.cleanup(ctx)
		if left != nil || ctx.Err() != nil || starts == mostStarts || met > 1 || !a.robbed(err) {
			return nil, join(err, a.handle, left)
		}
		a.env.Log.Warn(fmt.Sprintf("the server's port was taken before it listened: starting it at another one: %v", err))
		a.handle.ID, a.record.ID = "", ""
	}
}

// robbed reports whether a start failed because another program took the port that the provider had chosen. A
// stranger that answers there is believed once: one that answers at two ports is this server, whose command
// drops its alias.
func (a *acquisition) robbed(err error) bool {
	chooser, ok := a.provider.(PortChooser)
	taken := a.stranger || stage.ReasonOf(err) == string(startup.PortInUse)
	return ok && taken && chooser.ChoosesPort(a.handle.Scope)
}
