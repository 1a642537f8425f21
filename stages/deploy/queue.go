package deploy

import (
	"cmp"
	"context"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
)

// Name is the word for the stage in suites.
const Name = "deploy"

// longestQueuePause is the longest wait between looks at a server that stands in a queue.
const longestQueuePause = 15 * time.Second

// Body is the stage's own arguments in a suite.
func (*Kind) Body() block.Body {
	return block.Body{
		Doc: "How servers are brought up.",
		Args: []block.Arg{{
			Name: "queue_timeout", Type: cty.String, Format: block.Duration, Default: cty.StringVal("30m"), Provenance: true,
			Doc: "How long a deployment waits for its provider to have room, in its queue or until a GPU is free. Neither the stage's timeout nor the provider's startup_timeout runs meanwhile; " +
				"the wait for other deployments of the run is not part of it.",
		}},
	}
}

// awaitRoom waits while the server stands in its provider's queue. It returns nil once it does not, and leaves it to the wait for the server
// to find out how it is.
func (a *acquisition) awaitRoom(ctx context.Context) error {
	for pause := firstPause; ; pause = min(pause*3/2, longestQueuePause) {
		status, err := a.status(ctx)
		if err != nil || !status.Queued {
			return nil
		}
		why := cmp.Or(status.Detail, "it stands in the provider's queue")
		left := a.queueUntil.Sub(a.env.Now())
		if left <= 0 {
			return stage.Failf(stage.Quota, string(startup.Capacity), "%s", why)
		}
		a.env.Report(stage.Progress{Note: "waiting for room: " + why})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pause, left)):
		}
	}
}
