package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// job is one step with all that its worker needs: a worker reads nothing of the executor that changes.
type job struct {
	world
	node     *node
	policy   plan.Policy
	inputs   []stage.Input
	digests  []string          // of the inputs, or the failures in their place
	staged   []checkpoint.Part // files of the atom's earlier steps
	last     bool              // the step ends its atom
	life     *life             // the incarnation that the step works on
	watchers []watcher         // of a deploy step
}

func (e *executor) job(n *node) *job {
	j := &job{world: e.world, node: n, policy: e.Plan.Policies[n.Address.Kind], life: e.lives[n.Deployment]}
	for _, before := range append(slices.Clone(n.Needs), n.Uses...) {
		source := e.byStep[before]
		in, digest := e.input(source)
		j.inputs, j.digests = append(j.inputs, in), append(j.digests, digest)
		if n.Atom != "" && source.Atom == n.Atom {
			j.staged = append(j.staged, checkpoint.Part{Name: before.Kind, Dir: source.dir})
		}
	}
	if members := e.atoms[n.Atom]; n.Atom != "" {
		j.last = members[len(members)-1] == n
	}
	if n.Class == stage.Resource {
		j.watchers = e.watchersOf(n)
	}
	return j
}

// do runs the step to its end. A panic anywhere on the way fails the step and nothing else.
func (j *job) do(ctx context.Context) finished {
	begun := j.Now()
	var f finished
	err := crew.Catch(func() error {
		f = j.work(ctx)
		return nil
	})
	if err != nil {
		f = finished{state: Failed, err: err}
		_ = crew.Catch(func() error { // the panic that is told is the first one
			f = j.afterFailure(f)
			return nil
		})
	}
	f.node, f.seconds = j.node, j.Now().Sub(begun).Seconds()
	return f
}

func (j *job) work(ctx context.Context) finished {
	switch {
	case j.node.Address.Kind == plan.Teardown:
		return j.teardown(ctx)
	case j.node.Class == stage.Resource:
		return j.acquire(ctx)
	case j.node.Class == stage.Pure:
		return j.derive(ctx)
	default:
		return j.perform(ctx)
	}
}

// perform runs a step with its retries and seals its atom if it is the last one of it.
func (j *job) perform(ctx context.Context) finished {
	f := j.attempts(ctx, func(ctx context.Context, task stage.Task) error {
		if err := j.life.check(ctx); err != nil {
			return err
		}
		runner, ok := j.Kinds[j.node.Address.Kind].(stage.Runner)
		if !ok {
			return fmt.Errorf("stage %s cannot run", j.node.Address.Kind)
		}
		err := runner.Run(ctx, j.env(j.node.Address), task)
		if j.node.Address.Kind == plan.Teardown {
			return err
		}
		return crew.Worst(err, j.life.panicked()) // what was measured of such a server is worth nothing
	})
	j.life.noteOutcome(f.err)
	if f.state == Done && j.node.Class == stage.Measure && j.last {
		return j.seal(f, j.node.Recipe)
	}
	return f
}

// derive finds or makes the result of a pure step, whose key is known now that its inputs are.
func (j *job) derive(ctx context.Context) finished {
	if entry, ok := j.Plan.Sealed[j.node.Atom]; ok && j.node.Action == plan.Reuse { // its inputs are those that the plan saw
		return j.publish(finished{state: Reused, entry: &entry})
	}
	recipe, err := plan.PureRecipe(j.Kinds[j.node.Address.Kind], j.node.Step, j.digests)
	if err != nil {
		return finished{state: Failed, err: err}
	}
	entry, ok, err := j.Store.Lookup(recipe.Key())
	var corrupt *checkpoint.CorruptError
	if err != nil && !errors.As(err, &corrupt) {
		return finished{state: Failed, err: err}
	}
	ok = ok && !j.node.Replace
	f := finished{state: Reused, entry: &entry}
	if !ok {
		if f = j.perform(ctx); f.state == Done {
			f = j.seal(f, recipe)
		}
	}
	if !f.state.OK() {
		return f
	}
	return j.publish(f)
}

// publish shows the files of a pure step in the run's folder.
func (j *job) publish(f finished) finished {
	if err := publish(f.entry.Part(j.node.Address.Kind), j.Dir, j.Crash); err != nil {
		return finished{state: Failed, err: err, attempt: f.attempt}
	}
	return f
}

// seal makes the atom's files a checkpoint.
func (j *job) seal(f finished, recipe checkpoint.Recipe) finished {
	steps := []addr.Step{}
	for _, in := range j.inputs {
		if slices.ContainsFunc(j.staged, func(p checkpoint.Part) bool { return p.Name == in.Address.Kind }) {
			steps = append(steps, in.Address)
		}
	}
	parts := append(slices.Clone(j.staged), checkpoint.Part{Name: j.node.Address.Kind, Dir: f.dir})
	entry, err := j.Store.Seal(recipe, checkpoint.Sealing{
		Run: j.ID, Now: j.Now(), Steps: append(steps, j.node.Address), Parts: parts, Replace: j.node.Replace,
	})
	if err != nil {
		f.state, f.err = Failed, err
		return f
	}
	f.entry = &entry
	return f
}

// attempts calls work until it succeeds, fails for good, or may not be tried again. A try that found no room is no attempt, as long as the step
// may wait for room: it does not count as one, and what comes after the wait is told as the same one.
func (j *job) attempts(ctx context.Context, work func(context.Context, stage.Task) error) finished {
	queueUntil := j.Now().Add(time.Duration(j.policy.Queue))
	attempt, told := 1, 0
	for try := 1; ; try++ {
		f := finished{state: Done, attempt: attempt}
		if attempt > told {
			j.Events.Emit(event.Event{Type: event.StepStarted, Step: &j.node.Address, Attempt: attempt, Message: j.node.Reason})
			told = attempt
		}
		f.dir, f.err = j.attempt(ctx, try, queueUntil, work)
		noRoom := stage.ClassOf(f.err) == stage.Quota
		wait := jitter(time.Duration(j.policy.Backoff), try)
		switch left := queueUntil.Sub(j.Now()); {
		case f.err == nil:
			return f
		case crew.PanicIn(f.err) != nil: // no interrupt hides it, and no other attempt mends it
			f.state = Failed
			return f
		case ctx.Err() != nil:
			return canceled(ctx, f)
		case noRoom && left > 0:
			wait = min(wait, left)
		case noRoom:
			f.state, f.err = Failed, j.stillNoRoom(f.err)
			return f
		case !j.policy.Retries(stage.ClassOf(f.err)) || attempt >= j.policy.Attempts:
			f.state = Failed
			return f
		}
		j.Events.Emit(event.Event{
			Type: event.StepRetried, Step: &j.node.Address, Attempt: attempt, Seconds: wait.Seconds(),
			Class: string(stage.ClassOf(f.err)), Reason: stage.ReasonOf(f.err), Message: f.err.Error(),
		})
		if !noRoom {
			attempt++
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return canceled(ctx, f)
		}
	}
}

// canceled is the end of a step whose context has ended: what ended it says more than what the step made of that.
func canceled(ctx context.Context, f finished) finished {
	f.state, f.err = Canceled, context.Cause(ctx)
	if stage.ReasonOf(f.err) != reasonTimedOut {
		f.err = interruptedBy(ctx).why
	}
	return f
}

// stillNoRoom is the end of a wait for room.
func (j *job) stillNoRoom(err error) error {
	if j.policy.Queue <= 0 {
		return err
	}
	return stage.Failf(stage.Quota, stage.ReasonOf(err), "no room within %s (stage %q { queue_timeout }): %w",
		time.Duration(j.policy.Queue), j.node.Address.Kind, err)
}

// attempt calls work once, in a folder of its own and under the timeout of its kind. A bug in a stage must not keep others from being torn down: a
// panic is an error.
func (j *job) attempt(ctx context.Context, try int, queueUntil time.Time, work func(context.Context, stage.Task) error) (dir string, err error) {
	if dir, err = j.makeAttemptDir(j.node.Address); err != nil {
		if j.node.Address.Kind != plan.Teardown {
			return "", fmt.Errorf("make folder of attempt: %w", err)
		}
		j.warn(j.node.Address, err) // a full disk keeps nothing alive
	}
	if timeout := time.Duration(j.policy.Timeout); timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout+max(0, queueUntil.Sub(j.Now())))
		defer cancel()
		defer func() {
			if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				err = stage.Failf(stage.Permanent, "timeout", "ran longer than %s (stage %q { timeout }): %w", timeout, j.node.Address.Kind, err)
			}
		}()
	}
	return dir, crew.Catch(func() error {
		return work(ctx, stage.Task{
			Address: j.node.Address, Attempt: try, Config: j.node.Config, Dir: dir, Inputs: j.inputs,
			QueueUntil: queueUntil, Incarnation: j.life.incarnation(), Watch: j.life.watch(j.node.Address.Kind),
		})
	})
}

// within gives work so much time, and does not wait for it any longer than that: on the way to a teardown nothing may hold it up.
func within[T any](ctx context.Context, limit time.Duration, work func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	value, err := crew.Ask(ctx, work)
	if err != nil && err == ctx.Err() {
		err = fmt.Errorf("no end after %s", limit)
	}
	return value, err
}

// jitter draws the wait before the next attempt: anything up to a ceiling that doubles, and stops at two minutes.
func jitter(ceiling time.Duration, attempt int) time.Duration {
	ceiling = min(ceiling<<min(attempt-1, 10), 2*time.Minute)
	if ceiling <= 0 {
		return 0
	}
	return rand.N(ceiling)
}
