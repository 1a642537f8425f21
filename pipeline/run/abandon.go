package run

import (
	"context"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// abandon ends a run whose loop has panicked, when no step will be begun any more: no teardown either.
func (e *executor) abandon(ctx context.Context, bug error) {
	ctx = context.WithoutCancel(ctx)
	e.cancelWork(bug)
	var closing crew.Crew
	closing.Go(func() error {
		defer close(e.ended)
		return e.crew.Wait()
	})
	for f := range e.ended {
		if f.life != nil {
			e.lives[f.node.Address] = f.life
		}
		if f.released {
			delete(e.lives, f.node.Deployment)
		}
	}
	for _, life := range e.lives {
		_ = crew.Catch(func() error { return e.closeWatches(ctx, life) })
	}
	e.releaseAll(ctx, e.Journal.Live(), e.teardownTimeout(), once)
	e.ending = ending{Interrupted, stage.Fail(stage.Canceled, reasonInterrupted, bug)}
	for _, n := range e.nodes {
		if n.state == Pending || n.state == Running {
			n.state, n.err = Canceled, bug
		}
	}
}
