package prompt

import (
	"context"
	"errors"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
)

// patient asks a server again where it failed in a way that may pass: a server that fails some requests can
// be measured with them. A question that ran into its timeout is not asked again: ten such waits would take
// twenty minutes.
type patient struct{ server Server }

func (p patient) Tokenize(ctx context.Context, text string) (ids []int64, err error) {
	client.Retry(ctx, func() bool {
		ids, err = p.server.Tokenize(ctx, text)
		return mayPass(err)
	})
	return ids, err
}

func (p patient) Complete(ctx context.Context, r client.Request) (row table.Request) {
	client.Retry(ctx, func() bool {
		row = p.server.Complete(ctx, r)
		passes := row.Status != "ok" && row.Status != "timeout" && client.Class(row) == stage.Transient
		return passes && ctx.Err() == nil
	})
	return row
}

// mayPass reports whether a question that failed so may be answered when it is asked again.
func mayPass(err error) bool {
	var refusal *client.StatusError
	switch {
	case err == nil, errors.Is(err, client.ErrUnsupported),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &refusal):
		return client.ClassOfStatus(refusal.Code) == stage.Transient
	}
	return true
}
