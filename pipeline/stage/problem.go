package stage

// Problem is something in a deployment that its provider cannot do, told before anything is created.
type Problem struct {
	Where   string // the deployment's part that is wrong: one of InModel, InEngine, InProvider, InGPUType and InGPUs
	Summary string // a few words without a full stop, as a diagnostic's first line: "Unknown GPU type"
	Detail  string // whole sentences: what was found, and what to write instead
}

// The parts of a deployment that a Problem can be in, by their names in a suite.
const (
	InModel    = "model"
	InEngine   = "engine"
	InProvider = "provider"
	InGPUType  = "gpu_type"
	InGPUs     = "gpus"
)
