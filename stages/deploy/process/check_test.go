package process_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
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
			Where: "gpus", Summary: "Too few GPUs", Detail: "gpu_ids names 1 GPU and the deployment needs 2: name more, or leave gpu_ids out.",
		}}},
		"the GPUs that there are":           {engine("vllm", "--tensor-parallel-size", "1", "-pp=2"), "", nil},
		"other args":                        {engine("vllm", "--pipeline-parallel-size=4"), "", nil},
		"GPUs of an engine of its own args": {engine("llama.cpp", "--tensor-parallel-size=4"), "", nil},
		"more GPUs": {engine("vllm", "--tensor-parallel-size", "4"), "", inEngine("Other number of GPUs",
			"The engine's args spread the model over 4 GPUs (--tensor-parallel-size 4), and the deployment has gpus = 2, by which results are divided. "+
				"Leave it out of args, since gpus sets it, or give the benchmark gpus = 4.")},
		"fewer GPUs": {engine("sglang", "--tp=1"), "", inEngine("Other number of GPUs",
			"The engine's args spread the model over 1 GPU (--tp 1), and the deployment has gpus = 2, by which results are divided. "+
				"Leave it out of args, since gpus sets it, or give the benchmark gpus = 1.")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProvider()
			_, args := deploytest.Under(t, p, test.hcl, test.d)
			if diff := cmp.Diff(test.want, p.Check(args, test.d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for name, test := range map[string]struct{ hcl, want string }{
		"a port that is none": {`port = 70000`, `"port": 70000 is not between 0 and 65535`},
		"a GPU twice":         {`gpu_ids = ["0", "1", "0"]`, `"gpu_ids": GPU 0 stands in it twice: name each once`},
		"a key for a name":    {`api_key_env = "sk-abcdefghijklmnop"`, `"api_key_env": this is no name of an environment variable. If it is the key itself, take it out of the suite, which everybody may read: put it into a variable and name that, as in "OPENAI_API_KEY"`},
		"a key of letters":    {`api_key_env = "hf_abcdefghijklmnopqrs"`, `"api_key_env": this is no name of an environment variable.`},
		"what is right":       {"port = 8000\ngpu_ids = [\"0\", \"GPU-1\"]\napi_key_env = \"hf_token\"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blocktest.Parse(newProvider().Body(), test.hcl)
			if got := fmt.Sprint(err); (err != nil) != (test.want != "") || !strings.Contains(got, test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "abcdefgh") {
				t.Errorf("%v repeats what may be a key", err)
			}
		})
	}
}
