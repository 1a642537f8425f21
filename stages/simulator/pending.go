package simulator

import (
	"fmt"
	"sync"
)

// pendingFaults is the faults that wait for a request. Those that strike one stand in a queue: each waits for its after_requests once those before it are
// spent. Those of the power readings wait side by side.
type pendingFaults struct {
	mu    sync.Mutex
	queue []Fault
	power []Fault
}

func (a *pendingFaults) add(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.Count = max(1, f.Count)
	a.queue = append(a.queue, f)
}

// await has a fault of the power readings begin with a request to come.
func (a *pendingFaults) await(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.power = append(a.power, f)
}

// arrive takes note of a request. It returns the faults of the power readings that begin with it.
func (a *pendingFaults) arrive() (begin []Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait := a.power[:0]
	for _, f := range a.power {
		if f.AfterRequests--; f.AfterRequests == 0 {
			begin = append(begin, f)
		} else {
			wait = append(wait, f)
		}
	}
	a.power = wait
	return begin
}

// due returns the fault that strikes the request that has just come, if any does.
func (a *pendingFaults) due() (Fault, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 {
		return Fault{}, false
	}
	head := &a.queue[0]
	if head.AfterRequests > 0 {
		head.AfterRequests--
		return Fault{}, false
	}
	f := *head
	if head.Count--; head.Count == 0 {
		a.queue = a.queue[1:]
	}
	return f, true
}

// Arm sets a fault for what is to come, after those already armed: for the requests, or for the start of a server that is not ready yet.
func (s *Server) Arm(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case f.Kind == FaultStartup:
		return s.doomStart(f)
	case !f.ofPower():
		s.faults.add(f)
	case f.GPU != nil && (*f.GPU < 0 || *f.GPU >= s.cfg.GPUs):
		return fmt.Errorf("fault %s: there is no gpu %d: the server has 0 to %d", f.Kind, *f.GPU, s.cfg.GPUs-1)
	case f.AfterRequests > 0:
		s.faults.await(f)
	default:
		s.disturb(f)
	}
	return nil
}

// arrive takes note of a request for an answer and returns the fault that strikes it, if any does.
func (s *Server) arrive() (Fault, bool) {
	for _, f := range s.faults.arrive() {
		s.disturb(f)
	}
	return s.faults.due()
}

// disturb has a fault of the power readings begin: now, or after its after_seconds.
func (s *Server) disturb(f Fault) {
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	s.driver.sensor.Disturb(f.sensorFault(s.driver.clock.elapsed()))
}

// doomStart has the server die when it would be ready.
func (s *Server) doomStart(f Fault) error {
	failed, err := f.startupError(s.cfg.Model)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.driver.clock.elapsed() >= s.ready && s.serving {
		return fmt.Errorf("fault %s: the server has started; put it into the configuration, or ask while the server starts", f.Kind)
	}
	s.doom = failed
	return nil
}

// doomed returns what ends the server when it would be ready, or nil.
func (s *Server) doomed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doom == nil { // or it would be an error that holds nothing
		return nil
	}
	return s.doom
}
