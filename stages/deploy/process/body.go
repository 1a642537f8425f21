package process

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

// Body is the arguments of the provider.
func (*Provider) Body() block.Body {
	return block.Body{
		Doc: "Runs the server as a child process on this machine.",
		Args: []block.Arg{
			{
				Name: "engine", Type: cty.String, OneOf: []string{vllm, sglang, llamacpp, simulator},
				Doc: "Engine whose command line is known; either this or command.",
			},
			{
				Name: "program", Type: cty.String, Provenance: true,
				Doc: "Path of the engine's program, where it is not in PATH under its usual name.",
			},
			{
				Name: "command", Type: cty.List(cty.String),
				Doc: "Command and arguments of any other server. {model}, {revision}, {alias}, {host}, {port} and {gpus} are filled in; the suite's engine args come behind.",
			},
			{
				Name: "model", Type: cty.String,
				Doc: "Name under which a command without {alias} lists the model; the model's repository if left out.",
			},
			{
				Name: "host", Type: cty.String, Default: cty.StringVal("127.0.0.1"), Provenance: true,
				Doc: "Address to listen at.",
			},
			{
				Name: "port", Type: cty.Number, Default: cty.NumberIntVal(0), Check: block.Whole(0), Provenance: true,
				Doc: "Port to listen at; 0 takes a free one.",
			},
			{
				Name: "env", Type: cty.Map(cty.String), Secret: true,
				Doc: "Environment variables beside those of the engine block. Sensitive ones are taken from the variable of the same name where inferencex runs.",
			},
			{
				Name: "workdir", Type: cty.String, Provenance: true,
				Doc: "Folder in which the server is started.",
			},
			{
				Name: "log_dir", Type: cty.String, Provenance: true,
				Doc: "Folder for the server's log, named by its token; the run's own folder if left out.",
			},
			{
				Name: "gpu_ids", Type: cty.List(cty.String), Provenance: true,
				Doc: "GPUs to use, as indexes or UUIDs; a deployment takes as many as it needs from the front. CUDA_VISIBLE_DEVICES or the first ones if left out.",
			},
			{
				Name: "api_key_env", Type: cty.String, Provenance: true,
				Doc: "Environment variable with the API key that the server asks for.",
			},
			{
				Name: "power", Type: cty.String, OneOf: []string{"nvidia-smi", "none"}, Default: cty.StringVal("nvidia-smi"),
				Doc: "How to read power; nvidia-smi means none where it is not installed.",
			},
			{
				Name: "grace", Type: cty.String, Format: block.Duration, Default: cty.StringVal("10s"), Check: block.Positive, Provenance: true,
				Doc: "Time from SIGTERM to SIGKILL.",
			},
		},
	}
}
