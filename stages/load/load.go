// Package load is the stage that measures: it keeps so many requests in flight at an endpoint and writes down what became of each. Its
// invariant: every request that was sent is one row, in the journal before the step ends, whether the step then succeeds or not.
//
// The prompts of a cell follow from its configuration: measured twice on fresh servers it sends the same bytes. A server that may have seen
// them before would answer from its prefix cache, so there a nonce sets them apart: see traffic.Nonce.
package load

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/prompt"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// Name is the kind's word in suites and addresses.
const Name = "load"

// Kind is the stage "load". It holds nothing.
type Kind struct{}

var _ stage.Runner = (*Kind)(nil)

// New returns the kind.
func New() *Kind { return &Kind{} }

// Name is "load".
func (*Kind) Name() string { return Name }

// Class is Measure: a load is never run again where its result is known.
func (*Kind) Class() stage.Class { return stage.Measure }

// Revision counts changes of this code, and of what it sends with, that change results.
func (*Kind) Revision() int { return 2 }

// Run measures one cell. It leaves in task.Dir requests.parquet, chunks.parquet and load.json. The step succeeds if any request did: the
// others are rows. A load that was stopped leaves its journals, requests.arrow and chunks.arrow, in place of the tables.
func (*Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
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
	if err := run(ctx, env, task, cfg, opts); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

func check(cfg stage.LoadConfig, task stage.Task) error {
	switch {
	case task.Incarnation == nil:
		return stage.Failf(stage.Permanent, "no_endpoint", "the step has no deployment to load")
	case cfg.RateRPS > 0:
		return stage.Failf(stage.Permanent, "not_supported", "a rate of %g requests/s: open loops are not there yet; give users instead", cfg.RateRPS)
	case cfg.Users < 1:
		return stage.Failf(stage.Permanent, "bad_config", "users is %d: want at least 1", cfg.Users)
	case cfg.Workload.Requests < 1 && cfg.Workload.Duration <= 0:
		return stage.Failf(stage.Permanent, "bad_config", "nothing ends the load: give requests or duration")
	}
	if ramp, duration := rampOf(cfg), time.Duration(cfg.Workload.Duration); duration > 0 && ramp >= duration {
		return stage.Failf(stage.Permanent, "bad_config", "users begin over a ramp of %v, but the load lasts %v: some would never begin; give a longer duration", ramp, duration)
	}
	return nil
}

func run(ctx context.Context, env stage.Env, task stage.Task, cfg stage.LoadConfig, opts options) error {
	endpoint := task.Incarnation.Endpoint()
	scope, err := scopeOf(cfg)
	if err != nil {
		return err
	}
	session, err := traffic.Open(ctx, env, traffic.Job{
		Endpoint: endpoint, Workload: cfg.Workload, Options: cfg.Options, Users: cfg.Users, Requests: cfg.Workload.Requests,
		RequestTimeout: time.Duration(cfg.Unkeyed.RequestTimeout), SecretHeaders: cfg.Unkeyed.SecretHeaders, Quiet: opts.quietAt(endpoint), CutAfter: cutAfter(cfg.Workload),
		Purpose: prompt.Measure, Trial: cfg.Trial, Seed: cfg.Seed, Scope: hex.EncodeToString(scope[:]), Nonce: traffic.Nonce(endpoint, env.RunID, task.Attempt),
		ID: fmt.Sprint(env.RunID, task.Address, task.Attempt),
	})
	if err != nil {
		return err
	}
	defer session.Close()
	env.Log.Info("load", "users", cfg.Users, "requests", cfg.Workload.Requests, "prompts", session.Fit.Method)

	rec, err := newRecorder(env, task, cfg, session)
	if err != nil {
		return err
	}
	lag := watchLag(ctx, env, session.Client, endpoint)
	machine := readMachine(env.Now)
	stopShowing := rec.show(env)
	runErr := session.Run(ctx, traffic.NewClosed(
		cfg.Users, session.Clock.NowNS(), rampOf(cfg), time.Duration(cfg.Workload.Duration), binary.BigEndian.Uint64(scope[:]),
	), rec.take)
	stopShowing()
	if err := rec.close(); err != nil && runErr == nil {
		runErr = err
	}
	if runErr == nil {
		runErr = rec.verdict()
	}
	facts := rec.facts(endpoint, cfg, session, machine.until(readMachine(env.Now)))
	facts.ServerLag = lag(ctx)
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

// cutAfter returns when what is still in flight is cut off: a duration bounds a load, whatever its server does.
func cutAfter(w stage.Workload) time.Duration {
	if w.Duration <= 0 {
		return 0
	}
	return time.Duration(w.Duration + w.Grace)
}

// rampOf returns over how long the users begin: what the workload says, or the default but no more than a hundredth of a set duration.
func rampOf(cfg stage.LoadConfig) time.Duration {
	if ramp := time.Duration(cfg.Workload.Ramp); ramp > 0 {
		return ramp
	}
	if duration := time.Duration(cfg.Workload.Duration); duration > 0 {
		return min(traffic.DefaultRamp, duration/100)
	}
	return traffic.DefaultRamp
}
