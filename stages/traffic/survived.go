package traffic

import (
	"context"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Survived asks whether the deployment has outlived its traffic. err is what is known of that so far, nil
// if it was carried out; came is then what it came to, in words; failed says whether any request has failed.
//
// A server that has ended, or refuses connections, is gone however few requests were left, and even if none
// were: what it answered while it was dying is not what a cell's label promises. Less certain signs count
// only where requests have failed.
func Survived(ctx context.Context, inc *stage.Incarnation, err error, came string, failed bool) error {
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
	if err != nil {
		came = err.Error()
	}
	return stage.Failf(stage.ClassOf(dead), stage.ReasonEndpointGone,
		"%s, and the deployment is gone: %w", came, dead)
}
