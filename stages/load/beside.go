package load

import (
	"context"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/load/scrape"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// beside is what watches a load while it runs. A panic of one of its goroutines ends ctx, and so the load.
type beside struct {
	ctx         context.Context
	stop        context.CancelCauseFunc
	recorder    *recorder
	server      *scrape.Watch
	machine     *machineWatch
	stopShowing func() error
}

// watch begins to watch the server and this machine, and to show how far the load is. It has to be ended.
func (r *recorder) watch(ctx context.Context, env stage.Env) *beside {
	b := &beside{recorder: r}
	b.ctx, b.stop = context.WithCancelCause(ctx)
	session := r.board.session
	b.server = scrape.Begin(b.ctx, scrape.Config{Ask: session.Client.Metrics, Clock: session.Clock, Stop: b.stop})
	b.machine = watchMachine(b.ctx, env.Now, b.stop)
	b.stopShowing = r.show(b.ctx, env, b.server, b.stop)
	return b
}

// end returns what was found. The error is a panic. ctx is that of the step: the server is read once more.
func (b *beside) end(ctx context.Context) (measured.Client, scrape.Series, error) {
	shown := b.stopShowing()
	client, watched := b.machine.end(b.recorder.board.session.Client.Reads())
	series := b.server.End(ctx)
	b.stop(nil)
	err := crew.Worst(shown, watched)
	if crew.PanicIn(series.Problem) != nil {
		err = crew.Worst(err, series.Problem)
	}
	return client, series, err
}
