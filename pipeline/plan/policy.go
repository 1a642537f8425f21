package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// Policy is how steps of one kind are run.
type Policy struct {
	Timeout  stage.Duration `json:"timeout"`         // one attempt; above zero
	Queue    stage.Duration `json:"queue,omitempty"` // beside it, a wait for the provider to have room
	Attempts int            `json:"attempts"`        // at most, at least 1
	// Backoff is the ceiling of the first wait. It doubles after each; the wait is drawn at random.
	Backoff stage.Duration `json:"backoff"`
	// RetryOn are the classes of failures that are tried again; none: transient ones.
	RetryOn []stage.ErrorClass `json:"retry_on,omitempty"`
	// Stop says that nothing more is measured once a step of the kind has failed.
	Stop bool `json:"stop,omitempty"`
}

// Retries reports whether a failure of this class is tried again.
func (p Policy) Retries(class stage.ErrorClass) bool {
	if len(p.RetryOn) == 0 {
		return class == stage.Transient
	}
	return slices.Contains(p.RetryOn, class)
}

// defaultBackoff is the ceiling of the wait before a second attempt where the suite sets none.
const defaultBackoff = 5 * time.Second

// queueTimeout is the argument of a stage whose steps may wait for room.
const queueTimeout = "queue_timeout"

// policiesOf returns how the steps of each kind are run. It panics if a kind states no timeout: its steps
// could hang for ever.
func policiesOf(s *suite.Suite, kinds map[string]stage.Kind) map[string]Policy {
	policies := map[string]Policy{}
	for name, kind := range kinds {
		timeout := kind.Timeout()
		if timeout <= 0 {
			panic(fmt.Sprintf("plan: stage %s states no timeout: its Timeout is %s", name, timeout))
		}
		policy := Policy{
			Timeout: stage.Duration(timeout), Attempts: 1, Backoff: stage.Duration(defaultBackoff),
		}
		if said, ok := s.Stages[name]; ok {
			policy = policyOf(policy, said)
		}
		policies[name] = policy
	}
	return policies
}

// policyOf returns what a suite says of a stage, over what holds where it says nothing.
func policyOf(policy Policy, said suite.StagePolicy) Policy {
	if said.Timeout > 0 {
		policy.Timeout = stage.Duration(said.Timeout)
	}
	if said.Attempts > 0 {
		policy.Attempts = said.Attempts
	}
	if said.Backoff > 0 {
		policy.Backoff = stage.Duration(said.Backoff)
	}
	for _, class := range said.RetryOn {
		policy.RetryOn = append(policy.RetryOn, stage.ErrorClass(class))
	}
	policy.Stop = said.OnFailure == suite.Stop
	if said.Config.Type().HasAttribute(queueTimeout) {
		policy.Queue = stage.Duration(block.Time(said.Config, queueTimeout))
	}
	return policy
}
