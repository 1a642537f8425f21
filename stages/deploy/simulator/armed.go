package simulator

import (
	"fmt"
	"sync"
)

// armed is the queue of faults that wait for a request. Each waits for its after_requests once those before it are spent.
type armed struct {
	mu    sync.Mutex
	queue []Fault
}

func (a *armed) add(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.Count = max(1, f.Count)
	a.queue = append(a.queue, f)
}

// take returns the fault that strikes the request that has just come, if any does.
func (a *armed) take() (Fault, bool) {
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
	if f.Kind == FaultStartup {
		return s.doomStart(f)
	}
	s.faults.add(f)
	return nil
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
