package simulator

import (
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// Body is the arguments of the provider.
func (*Provider) Body() block.Body {
	return block.Body{
		Revision: simulator.Revision,
		Doc:      "Simulates a server and its GPUs in this process, by a model of time and power. Everything measured on it says that it is simulated. An engine of kind vllm may have args: those of vLLM that the simulator honours.",
		Args: []block.Arg{
			{
				Name: "model", Type: cty.String,
				Doc: "Model of the simulator's catalogue to behave as; the suite's model if left out. There is " + strings.Join(hardware.ModelNames(), ", ") + ".",
			},
			architecture().arg(),
			board().arg(),
			{
				Name: "profile", Type: cty.String, OneOf: hardware.ProfileNames(), Default: cty.StringVal(simulator.DefaultProfile),
				Doc: "What surrounds the GPUs: CUDA graphs, the seed's eager mode behind Modal, or neither front end nor network.",
			},
			{
				Name: "speed", Type: cty.Number, Default: cty.NumberIntVal(1), Bounds: block.Within(0.001, 1e6),
				Doc: "Simulated seconds in one second of the wall clock, at most: where this machine cannot write and read the chunks of the planned loads so fast, the speed is lowered, and plan, events and results say to what.",
			},
			{
				Name: "seed", Type: cty.Number, Default: cty.NumberIntVal(0), Bounds: block.IntegerFrom(0),
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
			faultsArg(),
		},
	}
}

// configure makes a server's configuration of the suite's words, but for the engine's.
func configure(token deploy.Token, spec deploy.Spec) (simulator.Config, error) {
	args, d := spec.Args, spec.Deployment
	cfg := simulator.Config{
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
	if block.Has(args, "architecture") {
		cfg.ModelSpec = &hardware.Model{Name: cfg.Model}
		if err := architecture().read(args.GetAttr("architecture"), cfg.ModelSpec); err != nil {
			return simulator.Config{}, err
		}
	}
	if block.Has(args, "board") {
		g := hardware.GPU{Name: cfg.GPUType, DeviceName: cfg.GPUType}
		if err := board().read(args.GetAttr("board"), &g); err != nil {
			return simulator.Config{}, err
		}
		g = g.Modelled()
		cfg.GPUSpec = &g
	}
	if block.Has(args, "faults") {
		faults, err := decodeFaults(args.GetAttr("faults"))
		if err != nil {
			return simulator.Config{}, fmt.Errorf("faults: %w", err)
		}
		cfg.Faults = faults
	}
	return cfg, nil
}
