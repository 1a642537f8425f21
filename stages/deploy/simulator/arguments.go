package simulator

import (
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator/hardware"
)

// faultType is an element of the argument faults: a Fault.
var faultType = cty.ObjectWithOptionalAttrs(map[string]cty.Type{
	"kind": cty.String, "count": cty.Number, "after_chunks": cty.Number, "stall_seconds": cty.Number, "message": cty.String,
}, []string{"count", "after_chunks", "stall_seconds", "message"})

// Body is the arguments of the provider.
func (*Provider) Body() block.Body {
	return block.Body{
		Doc: "Simulates a server and its GPUs in this process, by a model of time and power. Everything measured on it says that it is simulated. An engine of kind vllm or simulator may have args: those of vLLM that the simulator honours.",
		Args: []block.Arg{
			{
				Name: "model", Type: cty.String,
				Doc: "Model of the simulator's catalogue to behave as; the suite's model if left out.",
			},
			{
				Name: "profile", Type: cty.String, OneOf: hardware.ProfileNames(), Default: cty.StringVal(DefaultProfile),
				Doc: "What surrounds the GPUs: CUDA graphs, the seed's eager mode behind Modal, or neither front end nor network.",
			},
			{
				Name: "speed", Type: cty.Number, Default: cty.NumberIntVal(1), Bounds: block.AboveZero(),
				Doc: "Simulated seconds in one second of the wall clock.",
			},
			{
				Name: "seed", Type: cty.Number, Default: cty.NumberIntVal(0), Bounds: block.WholeFrom(0),
				Doc: "Seed of jitter and of the power sensors' errors.",
			},
			{
				Name: "startup", Type: cty.String, Format: block.Duration,
				Doc: "Simulated time until the server is ready.",
			},
			{
				Name: "exact_power", Type: cty.Bool, Default: cty.False,
				Doc: "Power sensors without calibration error.",
			},
			{
				Name: "faults", Type: cty.List(faultType),
				Doc: "What goes wrong: objects of kind (http_429, http_500, stream_error, stream_truncate, stall, die, startup), count, after_chunks, stall_seconds and message.",
			},
		},
	}
}

// configure makes a server's configuration of the suite's words, but for the engine's.
func configure(token deploy.Token, spec deploy.Spec) (Config, error) {
	args, d := spec.Args, spec.Deployment
	cfg := Config{
		Model:          d.Model.Repo,
		Served:         []string{string(token), d.Model.Repo},
		GPUType:        d.GPUType,
		GPUs:           d.GPUs,
		Profile:        block.String(args, "profile"),
		Speed:          block.Float(args, "speed"),
		Seed:           uint64(block.Int(args, "seed")),
		StartupSeconds: block.Time(args, "startup").Seconds(),
		ExactPower:     block.Bool(args, "exact_power"),
		Now:            spec.Env.Now,
	}
	if model := block.String(args, "model"); model != "" {
		cfg.Model = model
	}
	if block.Has(args, "faults") {
		faults := args.GetAttr("faults")
		text, err := ctyjson.Marshal(faults, faults.Type())
		if err == nil {
			err = json.Unmarshal(text, &cfg.Faults)
		}
		if err != nil {
			return Config{}, fmt.Errorf("read faults: %w", err)
		}
	}
	return cfg, nil
}
