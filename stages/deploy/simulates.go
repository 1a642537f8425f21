package deploy

// Simulator is the mark of a provider that starts simulated servers alone: nothing that is measured on them
// is a measurement of hardware. A server of another provider may turn out to be simulated, which a run sees
// only when the server answers.
type Simulator interface {
	SimulatesByDesign()
}

// SimulatedByDesign reports whether all servers of a type of provider are simulated.
func (k *Kind) SimulatedByDesign(providerType string) bool {
	_, simulates := k.providers[providerType].(Simulator)
	return simulates
}
