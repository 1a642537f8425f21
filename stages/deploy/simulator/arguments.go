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
		Doc: "Simulates a server and its GPUs in this process, by a model of time and power. Everything measured on it says that it is simulated.",
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
				Name: "speed", Type: cty.Number, Default: cty.NumberIntVal(1), Check: block.Positive,
				Doc: "Simulated seconds in one second of the wall clock.",
			},
			{
				Name: "seed", Type: cty.Number, Default: cty.NumberIntVal(0), Check: block.Whole(0),
				Doc: "Seed of jitter and of the power sensors' errors.",
			},
			{
				Name: "startup", Type: cty.String, Format: block.Duration,
				Doc: "Simulated time until the server is ready.",
			},
			{
				Name: "max_num_seqs", Type: cty.Number, Check: block.Whole(1),
				Doc: "Most sequences in one step; 256 if left out.",
			},
			{
				Name: "max_num_batched_tokens", Type: cty.Number, Check: block.Whole(1),
				Doc: "Most tokens in one step; 8192 if left out.",
			},
			{
				Name: "max_model_len", Type: cty.Number, Check: block.Whole(1),
				Doc: "Longest context, in tokens; 40960 or the model's own if left out.",
			},
			{
				Name: "stream_interval", Type: cty.Number, Check: block.Whole(1),
				Doc: "Tokens in a chunk after the first; 1 if left out.",
			},
			{
				Name: "prefix_cache", Type: cty.Bool,
				Doc: "Whether prompts that begin alike are computed once; the profile's if left out.",
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

// configure makes a server's configuration of the suite's words.
func configure(token deploy.Token, spec deploy.Spec) (Config, error) {
	args, d := spec.Args, spec.Deployment
	cfg := Config{
		Model:               d.Model.Repo,
		Served:              []string{string(token), d.Model.Repo},
		GPUType:             d.GPUType,
		GPUs:                d.GPUs,
		Profile:             block.String(args, "profile"),
		Speed:               block.Float(args, "speed"),
		Seed:                uint64(block.Int(args, "seed")),
		StartupSeconds:      block.Time(args, "startup").Seconds(),
		MaxNumSeqs:          block.Int(args, "max_num_seqs"),
		MaxNumBatchedTokens: block.Int(args, "max_num_batched_tokens"),
		MaxModelLen:         block.Int(args, "max_model_len"),
		StreamInterval:      block.Int(args, "stream_interval"),
		ExactPower:          block.Bool(args, "exact_power"),
		Now:                 spec.Env.Now,
	}
	if model := block.String(args, "model"); model != "" {
		cfg.Model = model
	}
	if block.Has(args, "prefix_cache") {
		on := block.Bool(args, "prefix_cache")
		cfg.PrefixCache = &on
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
