package status

import (
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
)

// stateOf returns the state of a step that the events may not have mentioned yet.
func stateOf(steps map[addr.Step]Step, at addr.Step) run.State {
	if s := steps[at].State; s != "" {
		return s
	}
	return run.Pending
}

// count sums up the steps and the cells, in the plan's order.
func (s *Status) count(p *plan.Plan, steps map[addr.Step]Step) {
	over := s.State != run.StatusRunning
	for _, step := range p.Steps {
		state := stateOf(steps, step.Address)
		if over && (state == run.Running || state == run.Pending) {
			state = run.Canceled // nobody will end it
		}
		s.Steps[state]++
		seen := steps[step.Address]
		seen.State = state
		switch state {
		case run.Running:
			s.Running = append(s.Running, seen)
		case run.Failed:
			s.Failed = append(s.Failed, seen)
		}
		if step.Address.Kind == plan.Load {
			power := addr.Step{Kind: plan.FetchPower, Name: step.Address.Name, Key: step.Address.Key}
			s.Cells.add(state, stateOf(steps, power), over)
		}
	}
}

// add counts a cell by the states of its load and of its power.
func (c *Cells) add(load, power run.State, over bool) {
	c.Total++
	switch {
	case load == run.Reused:
		c.Reused++
	case power == run.Done:
		c.Measured++
	case load == run.Pending:
		c.Waiting++
	case !over && (load == run.Running || load == run.Done) && (power == run.Pending || power == run.Running):
		c.Running++
	default:
		c.Missing++
	}
}

// remaining is how long the rest of a run is expected to take: as its plan said, at the pace that its loads have had so far, shared by the
// deployments that are up.
func remaining(p *plan.Plan, steps map[addr.Step]Step, now time.Time) time.Duration {
	pace := paceOf(p, steps)
	var left time.Duration
	lanes := 0
	for _, step := range p.Steps {
		expected := time.Duration(float64(step.Expected) * pace)
		switch stateOf(steps, step.Address) {
		case run.Pending:
			left += expected
		case run.Running:
			left += restOf(steps[step.Address], expected, now)
		case run.Done:
			if step.Address.Kind == plan.Deploy && !ended(steps, step.Address) {
				lanes++
			}
		}
	}
	return left / time.Duration(max(1, lanes))
}

// ended reports whether the teardown of a deployment has.
func ended(steps map[addr.Step]Step, deploy addr.Step) bool {
	state := stateOf(steps, addr.Step{Kind: plan.Teardown, Name: deploy.Name, Key: deploy.Key})
	return state != run.Pending && state != run.Running
}

// paceOf is how long loads took over how long they were expected to take; 1 before the first has ended.
func paceOf(p *plan.Plan, steps map[addr.Step]Step) float64 {
	var took, expected float64
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Load && stateOf(steps, step.Address) == run.Done && step.Expected > 0 {
			took += steps[step.Address].seconds
			expected += time.Duration(step.Expected).Seconds()
		}
	}
	if took == 0 {
		return 1
	}
	return took / expected
}

// restOf is how long a step that runs will take from now: by its own progress where it shows some.
func restOf(s Step, expected time.Duration, now time.Time) time.Duration {
	if s.Since == nil {
		return expected
	}
	ran := now.Sub(*s.Since)
	if eta, ok := s.Figures["eta_s"].(float64); ok && s.Total == 0 { // a load of so much time
		return time.Duration(eta * float64(time.Second))
	}
	if s.Done > 0 && s.Total > 0 {
		return time.Duration(float64(ran) * float64(max(0, s.Total-s.Done)) / float64(s.Done))
	}
	return max(0, expected-ran)
}
