package plan

import "github.com/strangeloopio/inferencex/pipeline/stage"

// Providers is what a plan asks about the providers of servers before anything is created. *deploy.Kind is
// the one of the program. Its methods are safe for concurrent use, change nothing and ask nobody else: the
// same question has the same answer. Only Forecast may look at this machine. A provider that cannot tell, or
// that does not exist, gives the zero answer, but Check refuses a provider that does not exist.
type Providers interface {
	// Check returns what the deployment's provider would refuse, in the order of the deployment's parts.
	Check(d stage.Planned) []stage.Problem
	// Context returns how many tokens one request may have, input and output together; 0 where only the
	// server knows.
	Context(d stage.Planned) int
	// Forecast returns what the provider will make otherwise than the suite says, on this machine and under
	// these demands.
	Forecast(d stage.Planned) []stage.Problem
	// Billing returns how servers of a type of provider are paid for and how long they take to start.
	Billing(providerType string) stage.Billing
	// SimulatedByDesign reports whether all servers of a type of provider are simulated: they measure no
	// hardware.
	SimulatedByDesign(providerType string) bool
}

// noProviders knows nothing. It stands in for nil Providers.
type noProviders struct{}

func (noProviders) Check(stage.Planned) []stage.Problem    { return nil }
func (noProviders) Context(stage.Planned) int              { return 0 }
func (noProviders) Forecast(stage.Planned) []stage.Problem { return nil }
func (noProviders) Billing(string) stage.Billing           { return stage.Billing{} }
func (noProviders) SimulatedByDesign(string) bool          { return false }
