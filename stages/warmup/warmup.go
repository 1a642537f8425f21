// Package warmup is the stage that has a deployment do its work before it is measured, so that no cell pays for compiled graphs, filled
// caches and opened files. Its invariant: none of its prompts shares a token block with a measured one, but for a prefix that the workload shares on purpose.
package warmup

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/prompt"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// Name is the kind's word in suites and addresses.
const Name = "warmup"

// defaultUsers is in flight where the deployment's cells have a rate in place of users.
const defaultUsers = 8

// Kind is the stage "warmup". It holds nothing.
type Kind struct{}

var _ stage.Runner = (*Kind)(nil)

// New returns the kind.
func New() *Kind { return &Kind{} }

// Name is "warmup".
func (*Kind) Name() string { return Name }

// Class is Effect: it counts for the incarnation that it was done to.
func (*Kind) Class() stage.Class { return stage.Effect }

// Revision counts changes of this code that change results. TestRevisionOfWarmup of stages/load tells when what is sent has changed.
func (*Kind) Revision() int { return 1 }

// Timeout leaves time for a server that settles late.
func (*Kind) Timeout() time.Duration { return 20 * time.Minute }

// Body says the arguments of the suite's block of this stage.
func (*Kind) Body() block.Body { return traffic.Body() }

// report is warmup.json: whether the server got faster is in its first and last time to the first token, in server seconds.
type report struct {
	Requests         int      `json:"requests"`
	OK               int      `json:"ok"`
	FirstTTFTSeconds *float64 `json:"first_ttft_seconds"` // of the good answer that was sent first
	LastTTFTSeconds  *float64 `json:"last_ttft_seconds"`  // of the one that was sent last
	FirstError       string   `json:"first_error,omitempty"`
	Simulated        bool     `json:"simulated"`
	Settled          *bool    `json:"settled,omitempty"` // whether the time to the first token had, at the end; nil: nobody asked
	Windows          []window `json:"windows,omitempty"` // that tell

	firstSend, lastSend int64
	failure             table.Request
	watch               *settling // nil: the number of requests is set
}

// Run, unless the suite wants no warm-up, sends requests of the lengths that the workload's first trial has, the longest prompt first: as many as the
// suite says and at least one for each user, or until the time to the first token has settled. It leaves warmup.json in task.Dir, and fails if none succeeded.
func (*Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
	var cfg stage.WarmupConfig
	if err := json.Unmarshal(task.Config, &cfg); err != nil {
		return fmt.Errorf("warmup: read the configuration: %w", err)
	}
	if task.Incarnation == nil {
		return stage.Failf(stage.Permanent, "no_endpoint", "warmup: the step has no deployment to warm up")
	}
	if err := run(ctx, env, task, cfg); err != nil {
		err = traffic.Survived(ctx, task.Incarnation, err, "", true)
		return fmt.Errorf("warmup: %w", err)
	}
	return nil
}

func run(ctx context.Context, env stage.Env, task stage.Task, cfg stage.WarmupConfig) error {
	if cfg.Requests == 0 {
		env.Log.Info("no warm-up")
		rep := report{Simulated: task.Incarnation.Endpoint().Simulated}
		return rep.write(task.Dir)
	}
	if cfg.Users < 1 {
		cfg.Users = defaultUsers
	}
	cfg.Requests = max(cfg.Requests, cfg.Users)
	rep := report{Simulated: task.Incarnation.Endpoint().Simulated}
	if cfg.Settle {
		rep.watch = newSettling(cfg.Users)
		cfg.Requests = rep.watch.most()
	}
	err := send(ctx, env, task, cfg, &rep)
	if err := rep.write(task.Dir); err != nil {
		return err
	}
	switch {
	case err != nil:
		return err
	case rep.OK == 0:
		return stage.Failf(client.Class(rep.failure), client.Reason(rep.failure, "all_requests_failed"), "all of %d requests failed; the first ended with %s: %s",
			rep.Requests, rep.failure.Status, rep.failure.Error)
	case rep.Settled != nil && !*rep.Settled:
		env.Log.Warn("the time to the first token did not settle; what is measured now may depend on how long the server has run", "windows", len(rep.Windows))
	}
	env.Log.Info("warm-up", "requests", rep.Requests, "ok", rep.OK,
		"first_ttft_s", value(rep.FirstTTFTSeconds), "last_ttft_s", value(rep.LastTTFTSeconds))
	return nil
}

// send sends the requests into rep, to the last or until it has enough.
func send(ctx context.Context, env stage.Env, task stage.Task, cfg stage.WarmupConfig, rep *report) error {
	endpoint := task.Incarnation.Endpoint()
	session, err := traffic.Prepare(ctx, env, traffic.Job{
		Endpoint: endpoint, Workload: cfg.Workload, Options: cfg.Options, Connections: cfg.Users, Requests: cfg.Requests,
		RequestTimeout: time.Duration(cfg.Unkeyed.RequestTimeout), SecretHeaders: cfg.Unkeyed.SecretHeaders,
		Purpose: prompt.Warmup, Trial: 1, LongestFirst: true, Seed: cfg.Seed, Scope: task.Address.String(), Nonce: traffic.Nonce(endpoint, env.RunID, task.Attempt),
		ID: fmt.Sprint(env.RunID, task.Address, task.Attempt),
	})
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Run(ctx, traffic.NewClosed(cfg.Users, session.Clock.NowNS(), traffic.DefaultRamp, 0, uint64(cfg.Seed)), func(r traffic.Result) error {
		if rep.add(r.Row) {
			session.Enough()
		}
		env.Report(stage.Progress{Done: rep.Requests, Total: rep.total(cfg.Requests), Figures: map[string]any{
			"in_flight": session.Client.Live().InFlight, "errors": rep.Requests - rep.OK,
		}})
		return nil
	})
}

// add takes in the row of a request that has ended. It reports, once, that what has settled needs no further one.
func (r *report) add(row table.Request) (enough bool) {
	ttft := r.count(row)
	if r.watch == nil || r.Settled != nil {
		return false
	}
	settled, over := r.watch.add(ttft)
	if r.Windows = r.watch.windows; over {
		r.Settled = &settled
	}
	return over
}

// count counts a row, and returns its time to the first token in server seconds, nil where it has none.
func (r *report) count(row table.Request) *float64 {
	r.Requests++
	if row.Status != "ok" {
		if r.FirstError == "" {
			r.FirstError, r.failure = row.Status+": "+row.Error, row
		}
		return nil
	}
	r.OK++
	if row.TFirstToken == nil {
		return nil
	}
	ttft := time.Duration(*row.TFirstToken - row.TSend).Seconds()
	if r.FirstTTFTSeconds == nil || row.TSend < r.firstSend {
		r.FirstTTFTSeconds, r.firstSend = &ttft, row.TSend
	}
	if r.LastTTFTSeconds == nil || row.TSend > r.lastSend {
		r.LastTTFTSeconds, r.lastSend = &ttft, row.TSend
	}
	return &ttft
}

// total is how many requests there will be, of so many at most: as far as anyone knows, where they end once they have settled.
func (r *report) total(most int) int {
	switch {
	case r.watch == nil:
		return most
	case r.Settled != nil:
		return r.Requests
	default:
		return max(inARow, len(r.Windows)+1) * r.watch.size
	}
}

func (r *report) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write warmup.json: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "warmup.json"), append(text, '\n'), 0o644)
}

func value(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}
