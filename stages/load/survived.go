package load

import (
	"context"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// survived asks whether the deployment has outlived the load.
func (r *recorder) survived(ctx context.Context, inc *stage.Incarnation, err error) error {
	failed := len(r.lags) - r.statuses["ok"] - r.statuses["unfinished"] - r.statuses["cancelled"]
	came := plural.Of(r.statuses["ok"], "request") + " answered and none failed"
	if failed > 0 {
		came = fmt.Sprintf("%d of %s failed", failed, plural.Of(len(r.lags), "request"))
	}
	return traffic.Survived(ctx, inc, err, came, failed > 0)
}
