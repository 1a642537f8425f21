package plan

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/suite"
)

// Secret is a sensitive value. It prints as (sensitive) under every verb and in JSON.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) *Secret { return &Secret{value} }

// Reveal returns the value.
func (s *Secret) Reveal() string { return s.value }

// String hides the value.
func (s *Secret) String() string { return "(sensitive)" }

// GoString hides the value.
func (s *Secret) GoString() string { return "(sensitive)" }

// MarshalJSON hides the value.
func (s *Secret) MarshalJSON() ([]byte, error) { return []byte(`"(sensitive)"`), nil }

// secretsOf returns the sensitive values of deployments and their cells, by the names that configurations
// hold.
func secretsOf(deployments []*deployment) map[string]*Secret {
	secrets := map[string]*Secret{}
	for _, d := range deployments {
		if d.engine != nil {
			for variable, text := range d.engine.Env {
				if text.Sensitive() {
					secrets[envSecret(d.engine, variable)] = NewSecret(text.Reveal())
				}
			}
		}
		for _, c := range d.cells {
			for header, text := range c.Workload.Headers {
				if text.Sensitive() {
					secrets[headerSecret(c.Workload, header)] = NewSecret(text.Reveal())
				}
			}
		}
	}
	return secrets
}

// envSecret names the value of an engine's environment variable.
func envSecret(e *suite.Engine, variable string) string {
	return fmt.Sprintf("engine.%s.env.%s", e.Name, variable)
}

// headerSecret names the value of a workload's header.
func headerSecret(w suite.Workload, header string) string {
	return fmt.Sprintf("workload.%s.headers.%s", w.Name, header)
}
