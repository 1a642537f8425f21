package traffic

import (
	"context"
	"math"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
)

// asked is what a request asked, and the tokens that it and its answer were meant to have.
type asked struct {
	prompt   client.Prompt
	isl, osl int
	steps    []dataset.Turn // that follow, of a dataset's conversation
}

// hasTurns reports whether the job has requests that go on from others. What is not measured has the last request of each conversation in place of all of it: the
// longest of them, which a server is to have seen.
func (j Job) hasTurns() bool { return !j.Workload.Turns.IsZero() && j.Purpose == prompt.Measure }

// lastRequests returns the lengths of the last requests of the workload's sessions, and how many there are.
func (j Job) lastRequests(draws *length.Draws, turns length.Lengths) (*length.Draws, int64, error) {
	sessions, err := length.NewSessions(turns, j.Seed, j.Trial, int64(j.Workload.Requests))
	if err != nil {
		return nil, 0, err
	}
	input, output := sessions.LastRequests(draws, j.Workload.SharedPrefix)
	draws, err = length.NewDraws(input, output, j.Seed, j.Trial)
	return draws, int64(len(input.Values)), err
}

// follow encodes the request that goes on from an answered one; nil where that was the last of its session, or ctx has ended. It is called from many
// goroutines.
func (a *author) follow(ctx context.Context, it item, row table.Request, answer string) *item {
	if it.asked == nil {
		return nil
	}
	next := a.item(it.session, it.turn+1)
	isl, osl := a.draws.At(next.index)
	answered := prompt.Answered{Prompt: it.asked.prompt, Text: answer, ISL: it.asked.isl, OSL: it.asked.osl}
	if row.ISL != nil {
		answered.ISL = int(*row.ISL)
	}
	if row.OSL != nil {
		answered.OSL = spoken(int(*row.OSL), len(answer), row.OutputBytes)
	}
	asking, stop := ctx, context.CancelFunc(func() {})
	if a.job.RequestTimeout > 0 {
		asking, stop = context.WithTimeout(ctx, a.clock.Wall(a.job.RequestTimeout))
	}
	defer stop()
	if a.texts != nil {
		next.unmade = a.quoteOn(&next, it.asked, answered, osl)
	} else {
		next.unmade = a.followDrawn(asking, &next, answered, isl, osl)
	}
	if ctx.Err() != nil {
		return nil
	}
	return &next
}

// followDrawn makes the call of an item that goes on with words that are drawn.
func (a *author) followDrawn(ctx context.Context, next *item, answered prompt.Answered, isl, osl int) error {
	made, err := a.source.Follow(ctx, a.job.Purpose, next.index, answered, isl)
	if err != nil {
		return err
	}
	next.shared = int32(made.Before)
	return a.encode(next, made.Prompt, made.ISL, osl)
}

// spoken is how many of an answer's tokens are in what the conversation goes on from: those of reasoning are not.
func spoken(tokens, bytes int, all int64) int {
	if all == 0 || int64(bytes) >= all {
		return tokens
	}
	return int(math.Round(float64(tokens) * float64(bytes) / float64(all)))
}
