package stage

import "encoding/json"

// Planned is a deployment that does not exist yet, as its provider is asked about it.
type Planned struct {
	// Deployment is what bears on results. Its Engine.Env names secrets too, with block.Redacted in place of
	// their values.
	Deployment
	// Provenance holds the arguments of the provider's block that do not bear on results, as a JSON object;
	// empty: none.
	Provenance json.RawMessage
	// Demands are what the planned cells ask of the server, each once, in the order of the cells.
	Demands []Demand
}
