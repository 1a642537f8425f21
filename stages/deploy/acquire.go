package deploy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// acquisition is one attempt to bring one server to life.
type acquisition struct {
	provider Provider
	cfg      stage.DeployConfig
	env      stage.Env
	handle   Handle
	spec     Spec
	record   stage.Record
	// queueUntil is until when the provider may let it stand in a queue.
	queueUntil time.Time
	stranger   bool // another server than the one that was started has answered
}

// errStartupTimeout ends an acquisition that took longer than the suite allows.
var errStartupTimeout = errors.New("the startup timeout has passed")

// begin reads the task and names the server that it will have.
func (k *Kind) begin(env stage.Env, task stage.Task) (*acquisition, error) {
	env = complete(env)
	cfg, err := parseConfig(task.Config)
	if err != nil {
		return nil, err
	}
	if cfg.TTL <= 0 || cfg.StartupTimeout <= 0 {
		return nil, fmt.Errorf("the deployment's configuration has ttl %s and startup_timeout %s: a plan gives both, from the suite",
			time.Duration(cfg.TTL), time.Duration(cfg.StartupTimeout))
	}
	token := newToken(env, task)
	record := stage.Record{Address: task.Address, Token: string(token), Config: task.Config, SpecDigest: digest(task.Config)}
	provider, err := k.provider(cfg.Deployment.Provider.Type)
	if err != nil {
		return nil, err
	}
	args, err := arguments(provider.Body(), cfg.Deployment.Provider.Config, cfg.Provenance)
	if err != nil {
		return nil, fmt.Errorf("provider %s: %w", provider.Type(), err)
	}
	h := Handle{Scope: Scope{Args: args, Env: env}, Deployment: cfg.Deployment, Token: token}
	if err := refuse(provider, h.Args, cfg); err != nil {
		return nil, fmt.Errorf("deploy %s: %w", describe(cfg.Deployment), err)
	}
	if _, borrowed := provider.(Borrower); !borrowed {
		record.Deadline = env.Now().Add(time.Duration(cfg.TTL))
	}
	engineEnv, err := newEnvironment(cfg, env.Secret)
	if err != nil {
		return nil, err
	}
	return &acquisition{
		provider: provider, cfg: cfg, env: env, handle: h, record: record, queueUntil: task.QueueUntil,
		spec: Spec{
			Scope: h.Scope, Deployment: cfg.Deployment, EngineEnv: engineEnv, Labels: labels(env, token), Demands: cfg.Demands,
			TTL: time.Duration(cfg.TTL), Dir: task.Dir,
		},
	}, nil
}

// start creates the server and proves it.
func (a *acquisition) start(ctx context.Context, ledger stage.Ledger) (endpoint stage.Endpoint, err error) {
	a.env.Report(stage.Progress{Note: "creating"})
	queue := max(0, a.queueUntil.Sub(a.env.Now())) // some providers queue a server before they name it
	err = a.timely(ctx, queue, func(ctx context.Context) error {
		id, err := a.provider.Create(ctx, a.handle.Token, a.spec)
		if err != nil {
			return fmt.Errorf("create: %w", err)
		}
		a.handle.ID, a.record.ID = id, string(id)
		if err := ledger.Created(a.record.Token, a.record.ID); err != nil {
			return fmt.Errorf("write down that %s was created: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return endpoint, err
	}
	if err := a.awaitRoom(ctx); err != nil {
		return endpoint, err
	}
	err = a.timely(ctx, 0, func(ctx context.Context) error {
		if endpoint, err = a.ready(ctx); err != nil {
			return a.explain(ctx, err)
		}
		return nil
	})
	return endpoint, err
}

// timely gives work the suite's startup timeout, and some more. Its end is a failure with a reason, unless a better one is known.
func (a *acquisition) timely(ctx context.Context, more time.Duration, work func(context.Context) error) error {
	limit := time.Duration(a.cfg.StartupTimeout) + more
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errStartupTimeout)
	defer cancel()
	err := work(ctx)
	if err == nil || !errors.Is(context.Cause(ctx), errStartupTimeout) || stage.ReasonOf(err) != "timeout" {
		return err
	}
	return stage.Failf(stage.Transient, "timeout", "not ready within %s (startup_timeout): %w", limit, err)
}

// cleanup destroys what was created, whatever became of the context.
func (a *acquisition) cleanup(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return a.provider.Destroy(ctx, a.handle)
}

// complete fills in what an environment may leave out.
func complete(env stage.Env) stage.Env {
	if env.Getenv == nil {
		env.Getenv = func(string) string { return "" }
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	return env
}
