package plan

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// secretsOf returns the sensitive values of deployments and their cells, by the names that configurations
// hold.
func secretsOf(deployments []*deployment) map[string]block.Text {
	secrets := map[string]block.Text{}
	for _, d := range deployments {
		if d.engine != nil {
			for variable, text := range d.engine.Env {
				if text.Sensitive() {
					secrets[envSecret(d.engine, variable)] = text
				}
			}
		}
		for _, c := range d.cells {
			for header, text := range c.Workload.Headers {
				if text.Sensitive() {
					secrets[headerSecret(c.Workload, header)] = text
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
