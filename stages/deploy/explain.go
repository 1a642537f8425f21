package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
)

// lastLines is how much of a log that names no known cause an error shows.
const lastLines = 5

// explain says why a start failed, from the server's own words. A server that ended, or that never became healthy, is judged by its log;
// a server that answered wrongly has said enough.
func (a *acquisition) explain(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) || stage.ReasonOf(err) == "identity_mismatch" {
		return err
	}
	if panicked := a.Panicked(); panicked != nil {
		return panicked // its stack is no log of an engine
	}
	ctx = context.WithoutCancel(ctx)
	if status, look := a.status(ctx); look == nil && status.Gone && !errors.Is(err, errGone) {
		err = fmt.Errorf("%w: %s (%w)", errGone, status.Detail, err)
	}
	lines, logErr := a.logs(ctx, logLines)
	if crew.PanicIn(logErr) != nil {
		return crew.Worst(err, logErr)
	}
	if logErr != nil {
		a.env.Log.Warn("read the server's log", "id", a.handle.ID, "error", logErr)
	}
	if failure, known := startup.Classify(lines); known {
		return stage.Fail(failure.Class, string(failure.Reason), fmt.Errorf("%w: %w", err, failure))
	}
	if !errors.Is(err, errGone) {
		return err
	}
	return stage.Fail(stage.Transient, stage.ReasonServerEnded, fmt.Errorf("%w%s", err, tail(lines)))
}

// tail is the end of a log as an error shows it.
func tail(lines []string) string {
	var last []string
	for _, line := range lines {
		if plain := startup.Plain(line); plain != "" {
			last = append(last, plain)
		}
	}
	if len(last) == 0 {
		return "; it wrote nothing"
	}
	return "; its last words:\n\t" + strings.Join(last[max(0, len(last)-lastLines):], "\n\t")
}
