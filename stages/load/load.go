// Package load is the stage that measures: it sends the requests of one cell and writes down what became of each.
//
// Its invariant: every request that was sent is one row, in the journal before the step ends, whether the step then
// succeeds or not.
//
//  1. The cell's requests are prepared: lengths are drawn, the first prompts fitted and encoded, connections dialled.
//  2. What is to be watched is watched from before the first request: this machine, the wake-ups of this process, the
//     server's metrics and, of a simulated server, its lateness.
//  3. The load model of stages/traffic sends the requests. Each that has ended becomes a row in the journal, and its
//     chunks with it, in the order in which they ended.
//  4. When all have ended, the server's metrics are read once more and held against the client's own count.
//  5. load.json says in which window, on which machine and against which server the rows were measured.
//  6. The deployment is asked whether it has outlived the load. One that has not is the failure of the step.
//  7. The journals are sealed into Parquet tables. A load that was stopped keeps its journals instead.
//
// The prompts of a cell follow from its configuration: measured twice on fresh servers it sends the same bytes. A
// server that may have seen them before would answer from its prefix cache. There a nonce sets them apart: see
// traffic.Nonce.
package load

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/prompt"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// Name is the kind's word in suites and addresses.
const Name = "load"

// Kind is the stage "load".
type Kind struct {
	ceiling *measured.Ceiling // of this machine; nil: unknown
}

var _ stage.Runner = (*Kind)(nil)

// New returns the kind.
func New() *Kind { return &Kind{} }

// On returns the kind for a machine with this ceiling, which its results then carry.
func (*Kind) On(ceiling measured.Ceiling) *Kind { return &Kind{ceiling: &ceiling} }

// Name is "load".
func (*Kind) Name() string { return Name }

// Class is Measure: a load is never run again where its result is known.
func (*Kind) Class() stage.Class { return stage.Measure }

// Revision counts changes of this code, and of what it sends with, that change results. TestRevisionOfLoad tells when what is sent has changed.
func (*Kind) Revision() int { return 2 }

// Timeout leaves time for a long trace or many requests of one user.
func (*Kind) Timeout() time.Duration { return 2 * time.Hour }

// Run measures one cell. It leaves in task.Dir requests.parquet, chunks.parquet, load.json and, of a server that shows metrics, server.parquet. The
// step succeeds if any request did: the others are rows. A load that was stopped leaves its journals, requests.arrow and chunks.arrow, in place of
// the tables of these.
func (k *Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
	var cfg stage.LoadConfig
	if err := json.Unmarshal(task.Config, &cfg); err != nil {
		return fmt.Errorf("load: read the configuration: %w", err)
	}
	opts, err := decodeOptions(cfg.Options)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if err := check(cfg, task); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	if err := k.run(ctx, env, task, cfg, opts); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

func check(cfg stage.LoadConfig, task stage.Task) error {
	switch {
	case task.Incarnation == nil:
		return stage.Failf(stage.Permanent, "no_endpoint", "the step has no deployment to load")
	case cfg.RateRPS < 0 || cfg.Users < 0 || (cfg.RateRPS > 0) == (cfg.Users > 0):
		return stage.Failf(stage.Permanent, "bad_config", "users is %d and rate %g: want one of the two above 0", cfg.Users, cfg.RateRPS)
	case cfg.Workload.Requests < 1 && cfg.Workload.Duration <= 0:
		return stage.Failf(stage.Permanent, "bad_config", "nothing ends the load: give requests or duration")
	}
	if ramp, duration := rampOf(cfg), time.Duration(cfg.Workload.Duration); duration > 0 && ramp >= duration {
		if cfg.RateRPS > 0 {
			return stage.Failf(stage.Permanent, "bad_config", "the rate rises over a ramp of %v, but the load lasts %v: it would never be reached; give a longer duration", ramp, duration)
		}
		return stage.Failf(stage.Permanent, "bad_config", "users begin over a ramp of %v, but the load lasts %v: some would never begin; give a longer duration", ramp, duration)
	}
	return nil
}

func (k *Kind) run(ctx context.Context, env stage.Env, task stage.Task, cfg stage.LoadConfig, opts options) error {
	endpoint := task.Incarnation.Endpoint()
	scope, err := scopeOf(cfg)
	if err != nil {
		return err
	}
	recorded, err := traceOf(cfg, env)
	if err != nil {
		return err
	}
	requests := requestsOf(cfg, recorded)
	session, err := traffic.Prepare(ctx, env, traffic.Job{
		Endpoint: endpoint, Workload: cfg.Workload, Options: cfg.Options, Requests: requests,
		Connections: connectionsOf(cfg), MaxInFlight: cfg.Workload.MaxInFlight,
		RequestTimeout: time.Duration(cfg.Unkeyed.RequestTimeout), SecretHeaders: cfg.Unkeyed.SecretHeaders, Quiet: opts.quietAt(endpoint), CutAfter: cutAfter(cfg.Workload),
		Purpose: prompt.Measure, Trial: cfg.Trial, Seed: cfg.Seed, Scope: hex.EncodeToString(scope[:]), Nonce: traffic.Nonce(endpoint, env.RunID, task.Attempt),
		ID: fmt.Sprint(env.RunID, task.Address, task.Attempt),
	})
	if err != nil {
		return traffic.Survived(ctx, task.Incarnation, err, "", true)
	}
	defer session.Close()
	env.Log.Info("load", "users", cfg.Users, "rate_rps", cfg.RateRPS, "requests", requests, "prompts", session.Fit.Method)

	rec, err := newRecorder(env, task, cfg, session, goalOf(cfg, recorded))
	if err != nil {
		return err
	}
	lag := watchLag(ctx, env, session.Client, endpoint)
	beside := rec.watch(ctx, env)
	begun := session.Clock.NowNS()
	runErr := session.Run(beside.ctx, modelOf(cfg, recorded, begun, scope), rec.record)
	client, series, err := beside.end(ctx)
	if runErr == nil {
		session.Client.Settle(ctx)
	}
	runErr = crew.Worst(runErr, err)
	client.GapsUnder1ms, client.Ceiling = rec.gapsUnder1ms(), k.ceiling
	client.Unsolicited, client.MisplacedAnswers = session.Client.Unasked()
	account, err := rec.account(env, endpoint.Engine, series)
	if err != nil && runErr == nil {
		runErr = err
	}
	if err := rec.close(); err != nil && runErr == nil {
		runErr = err
	}
	if runErr == nil {
		runErr = rec.verdict()
	}
	runErr = rec.survived(ctx, task.Incarnation, runErr)
	facts := rec.facts(endpoint, cfg, session, client)
	facts.StartNS, facts.ServerLag, facts.Server = begun, lag(ctx), account
	if err := facts.write(task.Dir); err != nil && runErr == nil {
		runErr = err
	}
	if runErr != nil {
		return runErr
	}
	return rec.seal()
}

// scopeOf sets a cell's prompts apart from another's: by all that bears on the result, and by nothing else.
func scopeOf(cfg stage.LoadConfig) ([sha256.Size]byte, error) {
	cfg.Unkeyed = stage.LoadUnkeyed{}
	text, err := json.Marshal(cfg)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("write the configuration: %w", err)
	}
	return sha256.Sum256(text), nil
}
