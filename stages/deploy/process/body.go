package process

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// Body is the arguments of the provider.
func (*Provider) Body() block.Body {
	return block.Body{
		Doc: "Runs the engine as a child process on this machine, with the engine block's args behind those of its kind, or by the engine block's command.",
		Args: []block.Arg{
			{
				Name: "program", Type: cty.String, Provenance: true,
				Doc: "Path of the program of an engine without a command, where it is not in PATH under its usual name.",
			},
			{
				Name: "model", Type: cty.String,
				Doc: "Name under which an engine whose command is without {alias} lists the model; the model's repository if left out.",
			},
			{
				Name: "host", Type: cty.String, Default: cty.StringVal("127.0.0.1"), Provenance: true,
				Doc: "Address to listen at.",
			},
			{
				Name: "port", Type: cty.Number, Default: cty.NumberIntVal(0), Bounds: block.WholeWithin(0, 65535), Provenance: true,
				Doc: "Port to listen at; 0 takes a free one.",
			},
			{
				Name: "workdir", Type: cty.String, Provenance: true,
				Doc: "Folder in which the server is started.",
			},
			{
				Name: "log_dir", Type: cty.String, Provenance: true,
				Doc: "Folder for the server's log, named by its token; the run's own folder if left out. It is for this user alone, and sensitive values are taken out of it when the server has ended.",
			},
			{
				Name: "gpu_ids", Type: cty.List(cty.String), Check: deploy.CheckGPUIDs, Provenance: true,
				Doc: "GPUs to use, as indexes or UUIDs; a deployment takes as many as it needs from the front. CUDA_VISIBLE_DEVICES or the first ones if left out.",
			},
			{
				Name: "api_key_env", Type: cty.String, Check: deploy.CheckVariable, Provenance: true,
				Doc: "Environment variable with the API key that the server asks for.",
			},
			{
				Name: "power", Type: cty.String, OneOf: []string{"nvidia-smi", "none"}, Default: cty.StringVal("nvidia-smi"),
				Doc: "How to read power; nvidia-smi means none where it is not installed.",
			},
			{
				Name: "grace", Type: cty.String, Format: block.Duration, Default: cty.StringVal("10s"), Bounds: block.AboveZero(), Provenance: true,
				Doc: "Time from SIGTERM to SIGKILL.",
			},
		},
	}
}
