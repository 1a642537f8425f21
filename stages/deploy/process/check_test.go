package process_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

func TestCheck(t *testing.T) {
	inEngine := func(summary, detail string) []stage.Problem {
		return []stage.Problem{{Where: "engine", Summary: summary, Detail: detail}}
	}
	image := engine("vllm")
	image.Engine.Image = "vllm/vllm-openai:v0.11.2"
	tests := map[string]struct {
		d    stage.Deployment
		hcl  string
		want []stage.Problem
	}{
		"a kind":                     {engine("vllm", "--max-num-seqs=64"), `program = "/opt/venv/bin/vllm"`, nil},
		"a command of another kind":  {own("simulate", serveArgs...), "", nil},
		"a command with a port":      {command("serve"), `port = 8000`, nil},
		"no engine":                  {qwen, "", inEngine("No engine", "Provider process starts a server and must know which: name an engine block of kind vllm, sglang, llama.cpp, simulator, or one with a command.")},
		"a kind without a command":   {engine("tgi"), "", inEngine("Unknown engine", `There is no command for an engine of kind "tgi": its kind must be one of vllm, sglang, llama.cpp, simulator, or it needs a command.`)},
		"an image":                   {image, "", inEngine("Image without containers", "Provider process runs programs of this machine: remove image.")},
		"unknown template":           {command("serve", "{prot}"), "", inEngine("Unknown template", "In the command, {prot} stands for nothing; there are {model} {revision} {alias} {host} {port} {gpus}.")},
		"a command without its port": {command("serve", "{model}"), "", inEngine("Unknown port", "The command does not say where to listen: pass {port} on to it, or set the provider's port to the one that it has.")},
		"two programs": {command("serve", "{port}"), `program = "vllm"`, []stage.Problem{{
			Where: "provider", Summary: "Two programs", Detail: "The engine's command names a program already: remove program.",
		}}},
		"too few GPUs": {engine("vllm"), `gpu_ids = ["3"]`, []stage.Problem{{
			Where: "gpus", Summary: "Too few GPUs", Detail: "gpu_ids names 1 GPUs and the deployment needs 2: name more, or leave gpu_ids out.",
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProvider()
			args, err := block.Parse(p.Body(), test.hcl)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, p.Check(args, test.d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
