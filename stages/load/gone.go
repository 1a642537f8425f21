package load

import (
	"context"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// survived asks whether the deployment has outlived its load, of which err is known so far. A server that has ended, or
// refuses connections, is gone however few requests were left, and even if none were: what it answered while it was
// dying is not what the cell's label promises. Less certain signs count only where requests have failed.
func survived(ctx context.Context, inc *stage.Incarnation, err error, so string, failed bool) error {
	if err != nil && stage.ClassOf(err) != stage.Transient {
		return err
	}
	dead := inc.Alive(ctx)
	switch {
	case ctx.Err() != nil && err == nil && failed: // nobody knows by what
		return ctx.Err()
	case ctx.Err() != nil || dead == nil:
		return err
	}
	switch stage.ReasonOf(dead) {
	case stage.ReasonServerEnded:
	case stage.ReasonEngineDead, stage.ReasonUnreachable:
		if !failed {
			return err
		}
	default: // nobody could look
		return err
	}
	return stage.Failf(stage.ClassOf(dead), stage.ReasonEndpointGone, "%s, and the deployment is gone: %w", so, dead)
}

// survived asks whether the deployment has outlived the load.
func (r *recorder) survived(ctx context.Context, inc *stage.Incarnation, err error) error {
	failed := len(r.lags) - r.statuses["ok"] - r.statuses["unfinished"] - r.statuses["cancelled"]
	so := plural.Of(r.statuses["ok"], "request") + " answered and none failed"
	switch {
	case err != nil:
		so = err.Error()
	case failed > 0:
		so = fmt.Sprintf("%d of %s failed", failed, plural.Of(len(r.lags), "request"))
	}
	return survived(ctx, inc, err, so, failed > 0)
}
