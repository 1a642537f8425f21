package load

import (
	"context"
	"errors"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// watchLag looks at a simulated server's lag before a load, and returns what tells the load's own after it: nothing of a server that does not say.
func watchLag(ctx context.Context, env stage.Env, c *client.Client, endpoint stage.Endpoint) func(context.Context) measured.ServerLag {
	look := func(ctx context.Context) (client.Lag, bool) {
		lag, err := c.Lag(ctx)
		if err != nil && !errors.Is(err, client.ErrUnsupported) && ctx.Err() == nil {
			env.Log.Warn("the simulated server does not say how late it was: " + err.Error())
		}
		return lag, err == nil
	}
	if !endpoint.Simulated {
		return func(context.Context) measured.ServerLag { return measured.ServerLag{} }
	}
	before, known := look(ctx)
	return func(ctx context.Context) measured.ServerLag {
		after, still := look(ctx)
		if !known || !still {
			return measured.ServerLag{}
		}
		lag, speed := after.Since(before), endpoint.Clock.Speed
		if speed == 0 {
			speed = 1
		}
		return measured.ServerLag{
			Chunks: lag.Chunks(), MeanSeconds: lag.MeanSeconds() * speed,
			P50Seconds: lag.Quantile(0.5) * speed, P99Seconds: lag.Quantile(0.99) * speed,
		}
	}
}
