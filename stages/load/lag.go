package load

import (
	"context"
	"errors"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client"
)

// serverLag is how far off its schedule a simulated server wrote the chunks of a load, early or late: by so much its times are wrong. It is in
// the server's seconds.
type serverLag struct {
	Chunks      int64   `json:"chunks"`
	MeanSeconds float64 `json:"mean_s"`
	P50Seconds  float64 `json:"p50_s"`
	P99Seconds  float64 `json:"p99_s"`
}

// watchLag looks at a simulated server's lag before a load, and returns what tells the load's own after it: nil of a server that does not say.
func watchLag(ctx context.Context, env stage.Env, c *client.Client, endpoint stage.Endpoint) func(context.Context) *serverLag {
	look := func(ctx context.Context) (client.Lag, bool) {
		lag, err := c.Lag(ctx)
		if err != nil && !errors.Is(err, client.ErrUnsupported) && ctx.Err() == nil {
			env.Log.Warn("the simulated server does not say how late it was: " + err.Error())
		}
		return lag, err == nil
	}
	if !endpoint.Simulated {
		return func(context.Context) *serverLag { return nil }
	}
	before, known := look(ctx)
	return func(ctx context.Context) *serverLag {
		after, still := look(ctx)
		if !known || !still {
			return nil
		}
		lag, speed := after.Since(before), endpoint.Clock.Speed
		if speed == 0 {
			speed = 1
		}
		return &serverLag{
			Chunks: lag.Chunks(), MeanSeconds: lag.MeanSeconds() * speed,
			P50Seconds: lag.Quantile(0.5) * speed, P99Seconds: lag.Quantile(0.99) * speed,
		}
	}
}
