package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// life is one incarnation of a deployment and what watches it. Its steps run one after the other, so it needs no lock.
type life struct {
	inc     stage.Incarnation
	watches map[string]stage.Watch // by kind
	order   []string               // kinds in the order in which their watches began
	suspect bool                   // a step on it failed
	told    bool                   // a step has failed with the panic of its server
}

// incarnation returns what steps see of the life; nil for steps without one.
func (l *life) incarnation() *stage.Incarnation {
	if l == nil {
		return nil
	}
	return &l.inc
}

func (l *life) watch(kind string) stage.Watch {
	if l == nil {
		return nil
	}
	return l.watches[kind]
}

func (l *life) noteOutcome(err error) {
	if l != nil && err != nil {
		l.suspect = true
	}
}

// check asks a server on which a step has failed whether it is still there, so that a dead one fails its other cells at once and by name.
func (l *life) check(ctx context.Context) error {
	if l == nil || !l.suspect {
		return nil
	}
	if err := l.inc.Alive(ctx); err != nil {
		return stage.Failf(stage.Permanent, stage.ReasonEndpointGone, "the deployment is gone: %w", err)
	}
	return nil
}

// panicked returns the panic of a server that works in this process, to the first step that asks after it.
func (l *life) panicked() error {
	if l == nil || l.told {
		return nil
	}
	server, ok := l.inc.Live.(stage.InProcess)
	if !ok {
		return nil
	}
	err := server.Panicked()
	l.told = err != nil
	return err
}

// recordOnly is what is known of a resource whose Acquire failed and could not take it back.
type recordOnly struct{ record stage.Record }

var _ stage.Live = recordOnly{}

func (r recordOnly) Record() stage.Record                        { return r.record }
func (r recordOnly) Endpoint() stage.Endpoint                    { return stage.Endpoint{} }
func (r recordOnly) Logs(context.Context, int) ([]string, error) { return nil, nil }
func (r recordOnly) Alive(context.Context) error                 { return errors.New("it never became ready") }

// acquire brings a deployment to life and opens its watches.
func (j *job) acquire(ctx context.Context) finished {
	var born stage.Live
	f := j.attempts(ctx, func(ctx context.Context, task stage.Task) error {
		acquirer, err := j.acquirer()
		if err != nil {
			return err
		}
		born = j.adopt(ctx, acquirer, task)
		if err := j.releaseEarlier(ctx, born); err != nil || born != nil {
			return err
		}
		born, err = acquirer.Acquire(ctx, j.env(j.node.Address), task, ledger{j.Journal, j.Events, j.node.Address})
		return err
	})
	if f.state != Done {
		return j.afterFailure(f)
	}
	f.life = j.newLife(born)
	token := born.Record().Token
	if err := j.Journal.Mark(token, journal.Ready); err != nil {
		f.state, f.err = Failed, err
		return f
	}
	j.Events.Emit(event.Event{Type: event.ResourceReady, Step: &j.node.Address, Resource: token, ID: born.Record().ID, Message: born.Endpoint().URL})
	if err := j.openWatches(ctx, f.life); err != nil {
		f.state, f.err = Failed, err // its teardown follows
	}
	return f
}

// adopt takes over what an earlier run has left for this one, or returns nil.
func (j *job) adopt(ctx context.Context, acquirer stage.Acquirer, task stage.Task) stage.Live {
	adopter, ok := acquirer.(stage.Adopter)
	if !ok {
		return nil
	}
	for _, e := range j.Adopt {
		if e.Record.Address != j.node.Address || task.Attempt > 1 {
			continue
		}
		live, err := adopter.Adopt(ctx, j.env(j.node.Address), task, e.Record)
		if err != nil {
			j.warn(j.node.Address, fmt.Errorf("%s, which run %s left, cannot be used: %w; making it anew", e.Record.ID, e.Run, err))
			continue
		}
		j.Events.Emit(event.Event{Type: event.ResourceAdopted, Step: &j.node.Address, Resource: e.Record.Token, ID: e.Record.ID, Message: e.Run})
		return live
	}
	return nil
}

// afterFailure gives what a deploy step has created and could not take back to its teardown.
func (j *job) afterFailure(f finished) finished {
	if j.node.GPUs == nil {
		return f
	}
	if left := j.leftBehind(); len(left) > 0 {
		f.life = j.newLife(recordOnly{left[0]})
	}
	return f
}

// leftBehind returns what attempts to acquire this deployment have created and could not take back.
func (j *job) leftBehind() []stage.Record {
	var records []stage.Record
	for _, e := range j.Journal.Live() {
		if e.Record.Address == j.node.Address {
			records = append(records, e.Record)
		}
	}
	return records
}

// releaseEarlier makes room for another attempt, so that a deployment has one incarnation at most: the one that was adopted, if one was.
func (j *job) releaseEarlier(ctx context.Context, adopted stage.Live) error {
	for _, record := range j.leftBehind() {
		if adopted != nil && adopted.Record().Token == record.Token {
			continue
		}
		if err := j.release(ctx, record); err != nil {
			return stage.Fail(stage.Transient, "not_released", fmt.Errorf("release what an earlier attempt left: %w", err))
		}
	}
	return nil
}

func (j *job) newLife(live stage.Live) *life {
	record := live.Record()
	record.Address = j.node.Address
	release := func(ctx context.Context) error { return j.release(ctx, record) }
	return &life{inc: stage.Incarnation{Live: live, Release: release}, watches: map[string]stage.Watch{}}
}

// watcher is a kind that watches incarnations, with the configuration of its steps on this one.
type watcher struct {
	stage.Watcher
	kind   string
	config []byte
}

// watchersOf returns the kinds that want to watch the deployment: those with a step that will run on it.
func (e *executor) watchersOf(deploy *node) []watcher {
	var found []watcher
	for _, n := range e.tenant[deploy.Address] {
		kind := n.Address.Kind
		if n.Action != plan.Run || slices.ContainsFunc(found, func(w watcher) bool { return w.kind == kind }) {
			continue
		}
		if w, ok := e.Kinds[kind].(stage.Watcher); ok {
			found = append(found, watcher{w, kind, n.Config})
		}
	}
	return found
}

// openWatches opens the watches of an incarnation. One that cannot be opened is told of; the error is a
// panic.
func (j *job) openWatches(ctx context.Context, l *life) error {
	for _, w := range j.watchers {
		at := addr.Step{Kind: w.kind, Name: j.node.Address.Name, Key: j.node.Address.Key}
		dir := filepath.Join(j.Dir, "watch", folder(at))
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = crew.Catch(func() error {
				watch, err := w.Watch(ctx, j.env(at), stage.Task{Address: at, Attempt: 1, Config: w.config, Dir: dir, Incarnation: &l.inc})
				if err == nil {
					l.watches[w.kind] = watch
					l.order = append(l.order, w.kind)
				}
				return err
			})
		}
		switch {
		case crew.PanicIn(err) != nil:
			return fmt.Errorf("begin the watch of %s: %w", w.kind, err)
		case err != nil:
			j.warn(at, fmt.Errorf("cannot watch: %w", err))
		}
	}
	return nil
}

// teardown closes what watches the deployment, keeps the last of its log and releases it. An interrupt does
// not reach it: it has the deadline of its own policy. A panic on the way holds up nothing: the step fails
// with it once the deployment is released.
func (j *job) teardown(ctx context.Context) finished {
	ctx = context.WithoutCancel(ctx)
	err := crew.Worst(
		crew.Catch(func() error { return j.closeWatches(ctx, j.life) }),
		crew.Catch(func() error { return j.keepLog(ctx) }),
		j.life.panicked(), // once it is released, its provider may have forgotten it
	)
	j.life.suspect = false // a dead server is torn down like any other
	var f finished
	if bug := crew.Catch(func() error { f = j.perform(ctx); return nil }); bug != nil {
		f = finished{state: Failed, err: bug}
	}
	f.released = f.state == Done
	if crew.PanicIn(f.err) != nil { // on the way to the release, or in it: once more, past all that surrounds it
		_, again := within(ctx, j.teardownTimeout(), func(ctx context.Context) (any, error) {
			return nil, j.life.inc.Release(ctx)
		})
		f.released = again == nil
	}
	if err = crew.Worst(f.err, err, j.life.panicked()); f.released && crew.PanicIn(err) != nil {
		f.state, f.err = Failed, err
	}
	return f
}

// closeWatches closes what watches a deployment, the last one first, and tells what cannot be closed.
func (w world) closeWatches(ctx context.Context, l *life) error {
	var worst error
	for _, kind := range slices.Backward(l.order) {
		watch := l.watches[kind]
		if _, err := within(ctx, courtesy, func(context.Context) (any, error) { return nil, watch.Close() }); err != nil {
			err = fmt.Errorf("close the watch of %s: %w", kind, err)
			worst = crew.Worst(worst, err)
			w.warn(l.inc.Record().Address, err)
		}
	}
	return worst
}

// courtesy is how long a teardown waits for what is good to have before it releases the deployment.
const courtesy = 20 * time.Second

// keepLog writes the server's last lines beside the run. A log that cannot be had is told of, and no reason
// to keep the server.
func (j *job) keepLog(ctx context.Context) error {
	lines, err := within(ctx, courtesy, func(ctx context.Context) ([]string, error) { return j.life.inc.Logs(ctx, 2000) })
	if err != nil {
		err = fmt.Errorf("read the server's log: %w", err)
	} else if len(lines) > 0 {
		path := keptLog(j.Dir, j.node.Deployment)
		text := []byte(strings.Join(lines, "\n") + "\n")
		err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644))
		if err != nil {
			err = fmt.Errorf("keep the server's log: %w", durable.Error("write", path, err))
		}
	}
	if err != nil {
		j.warn(j.node.Address, err)
	}
	return err
}
