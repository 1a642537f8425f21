package run

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// executor owns the state of a run. Only the goroutine of loop touches it; workers get what they need and send back what came of it.
type executor struct {
	world
	nodes  []*node
	byStep map[addr.Step]*node
	atoms  map[string][]*node    // steps by what is sealed together
	tenant map[addr.Step][]*node // steps by the deployment that they work on
	ready  nodeHeap              // may begin as far as edges go
	parked []*node               // deploy steps that wait for GPUs
	ended  chan finished         // from workers
	active int                   // workers whose step has not ended
	crew   crew.Crew             // of workers
	quota  *quota
	lives  map[addr.Step]*life         // by deploy step
	sealed map[string]checkpoint.Entry // by atom
	ending ending                      // why no more is begun
	disk   error                       // the first step's that could not write; nil: all could
	work   context.Context             // of steps that work on deployments
	// cancelWork ends work, with its cause.
	cancelWork context.CancelCauseFunc
}

// node is a step and what has become of it.
type node struct {
	plan.Step
	index   int
	state   State
	err     error
	waiting int     // edges whose source has not ended
	after   []*node // steps that wait for this one
	dir     string  // files of a step that is done and not yet sealed
	attempt int
	seconds float64
}

// finished is what a worker sends when its step has ended.
type finished struct {
	node    *node
	state   State
	err     error
	attempt int
	seconds float64
	dir     string
	life    *life // of a deploy step: what there is to release
	// released says that a teardown step has released the deployment, however it ended.
	released bool
	entry    *checkpoint.Entry // if the step sealed its atom, or found it sealed
}

func newExecutor(cfg Config) (*executor, error) {
	e := &executor{
		world: world{cfg}, byStep: map[addr.Step]*node{}, ended: make(chan finished),
		atoms: map[string][]*node{}, tenant: map[addr.Step][]*node{},
		quota: newQuota(cfg.Plan.Quota), lives: map[addr.Step]*life{}, sealed: map[string]checkpoint.Entry{},
	}
	for i, step := range cfg.Plan.Steps {
		if step.Action == plan.Run && cfg.Plan.Policies[step.Address.Kind].Timeout <= 0 {
			return nil, fmt.Errorf("plan: %s has no timeout: it could hang for ever", step.Address)
		}
		n := &node{Step: step, index: i, state: Pending}
		e.nodes = append(e.nodes, n)
		e.byStep[step.Address] = n
		e.atoms[step.Atom] = append(e.atoms[step.Atom], n)
		e.tenant[step.Deployment] = append(e.tenant[step.Deployment], n)
	}
	for _, n := range e.nodes {
		for _, before := range n.Before() {
			source, ok := e.byStep[before]
			if !ok {
				return nil, fmt.Errorf("plan: %s waits for %s, which is not in the plan", n.Address, before)
			}
			source.after = append(source.after, n)
			n.waiting++
		}
	}
	if _, err := cfg.Plan.Graph().Order(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return e, nil
}

// loop runs until every step has ended.
func (e *executor) loop(ctx context.Context) {
	e.work, e.cancelWork = context.WithCancelCause(ctx)
	defer e.cancelWork(nil)
	for _, n := range e.nodes {
		if n.waiting == 0 {
			heap.Push(&e.ready, n)
		}
	}
	interrupted := ctx.Done()
	timeIsOver, stop := e.limit()
	defer stop()
	for {
		e.begin(ctx)
		if e.active == 0 {
			if len(e.parked) == 0 {
				return
			}
			e.refuseParked()
			continue
		}
		select {
		case f := <-e.ended:
			e.active--
			e.finish(f)
		case <-interrupted:
			interrupted = nil
			e.endRun(interruptedBy(ctx))
		case <-timeIsOver:
			e.endRun(timedOutAfter(e.Timeout))
		}
	}
}

// limit returns what fires when the run's time is over; nil if it has as long as it takes.
func (e *executor) limit() (<-chan time.Time, func()) {
	if e.Timeout <= 0 {
		return nil, func() {}
	}
	timer := time.NewTimer(e.Timeout)
	return timer.C, func() { timer.Stop() }
}

// begin starts or ends every step whose edges are free.
func (e *executor) begin(ctx context.Context) {
	if ctx.Err() != nil {
		e.endRun(interruptedBy(ctx))
	}
	for e.ready.Len() > 0 {
		n := heap.Pop(&e.ready).(*node)
		if state, err := e.verdict(n); state != Running {
			e.endStep(n, state, err)
			continue
		}
		if n.GPUs != nil && !e.quota.reserve(*n.GPUs) {
			e.parked = append(e.parked, n)
			continue
		}
		e.start(ctx, n)
	}
}

// verdict says what is to become of a step whose edges are free: Running, or how it ends without running.
func (e *executor) verdict(n *node) (State, error) {
	switch {
	case n.Action == plan.Reuse && n.Class == stage.Measure:
		return e.reuse(n)
	case n.Action == plan.Skip:
		return Skipped, nil
	}
	if n.Address.Kind == plan.Teardown {
		if e.lives[n.Deployment] == nil {
			return Skipped, nil
		}
		return Running, nil
	}
	for _, need := range n.Needs {
		source := e.byStep[need]
		if source.state == Canceled {
			return Canceled, source.err
		}
		if source.state == Blocked {
			return Blocked, source.err // it names the root
		}
		if !source.state.OK() {
			return Blocked, &blockedError{source.Address, source.err}
		}
	}
	if !e.ending.admits(n.Class, e.underway(n)) {
		return Canceled, e.ending.why
	}
	return Running, nil
}

// blockedError is the failure of a step by which others cannot run.
type blockedError struct {
	by  addr.Step
	err error
}

func (e *blockedError) Error() string { return fmt.Sprintf("%s: %v", e.by, e.err) }
func (e *blockedError) Unwrap() error { return e.err }

// underway reports whether a step goes on with what another has begun: the power of a load that is done.
func (e *executor) underway(n *node) bool {
	return n.Atom != "" && slices.ContainsFunc(e.atoms[n.Atom], func(m *node) bool { return m.state == Done })
}

// reuse takes the result of a cell from where the plan found it, or from the cell that measures the same thing in this run.
func (e *executor) reuse(n *node) (State, error) {
	entry, ok := e.Plan.Sealed[n.Atom]
	if !ok {
		entry, ok = e.sealed[n.SameAs]
	}
	if ok {
		e.sealed[n.Atom] = entry
		return Reused, nil
	}
	for _, twin := range e.atoms[n.SameAs] {
		if twin.state == Canceled {
			return Canceled, twin.err
		}
		if twin.err != nil {
			return Blocked, &blockedError{twin.Address, twin.err}
		}
	}
	return Failed, fmt.Errorf("the plan promised a result of %s that is not there", n.Atom)
}

// start hands a step to a worker of its own.
func (e *executor) start(ctx context.Context, n *node) {
	n.state = Running
	e.active++
	job := e.job(n)
	if n.Class != stage.Pure {
		ctx = e.work
	}
	e.crew.Go(func() error {
		e.ended <- job.do(ctx)
		return nil
	})
}

// finish takes in what a worker sent.
func (e *executor) finish(f finished) {
	n := f.node
	n.dir, n.attempt, n.seconds = f.dir, f.attempt, f.seconds
	if f.entry != nil {
		e.sealed[n.Atom] = *f.entry
	}
	if f.life != nil {
		e.lives[n.Address] = f.life
	}
	if f.released {
		delete(e.lives, n.Deployment)
	}
	e.endStep(n, f.state, f.err)
	if n.GPUs != nil && e.lives[n.Address] == nil {
		e.free(n)
	}
	if n.Address.Kind == plan.Teardown && e.lives[n.Deployment] == nil {
		e.free(e.byStep[n.Deployment])
	}
}

// free gives the GPUs of a deployment back and lets the waiting ones try again.
func (e *executor) free(deploy *node) {
	e.quota.give(*deploy.GPUs)
	e.unpark()
}

func (e *executor) unpark() {
	for _, n := range e.parked {
		heap.Push(&e.ready, n)
	}
	e.parked = nil
}

// refuseParked ends the deploy steps whose GPUs will never be free: a teardown failed, and nothing is running any more.
func (e *executor) refuseParked() {
	parked := e.parked
	e.parked = nil
	for _, n := range parked {
		e.endStep(n, Blocked, fmt.Errorf("%d × %s of %s are still held by a deployment that could not be torn down",
			n.GPUs.Count, n.GPUs.GPUType, n.GPUs.Provider))
	}
}

// endStep ends a step and frees the edges from it.
func (e *executor) endStep(n *node, state State, err error) {
	n.state, n.err = state, err
	e.tell(n)
	switch {
	case state == Failed && durable.DiskFailed(err):
		e.disk = cmp.Or(e.disk, err)
		e.endRun(stoppedByDisk(n.Address))
	case state == Failed && e.Plan.Policies[n.Address.Kind].Stop:
		e.endRun(stoppedBy(n.Address))
	}
	for _, next := range n.after {
		if next.waiting--; next.waiting == 0 {
			heap.Push(&e.ready, next)
		}
	}
}

type nodeHeap []*node

func (h nodeHeap) Len() int           { return len(h) }
func (h nodeHeap) Less(i, j int) bool { return h[i].index < h[j].index }
func (h nodeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *nodeHeap) Push(x any)        { *h = append(*h, x.(*node)) }
func (h *nodeHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = slices.Delete(*h, len(*h)-1, len(*h))
	return last
}
