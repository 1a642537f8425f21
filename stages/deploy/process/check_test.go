package process_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

func TestCheck(t *testing.T) {
	nothing := stage.Problem{Where: "provider", Summary: "No server to start", Detail: "Provider process wants either engine or command."}
	tests := map[string]struct {
		hcl  string
		want []stage.Problem
	}{
		"an engine": {`engine = "vllm"`, nil},
		"a command": {own("simulate", serveArgs...), nil},
		"neither":   {"", []stage.Problem{nothing}},
		"both":      {`engine = "vllm"` + "\n" + command("x"), []stage.Problem{nothing}},
		"unknown template": {command(os.Args[0], "{prot}"), []stage.Problem{{
			Where: "provider", Summary: "Unknown template",
			Detail: "command: {prot} stands for nothing; there are {model} {revision} {alias} {host} {port} {gpus}",
		}}},
		"too few GPUs": {`engine = "vllm"` + "\n" + `gpu_ids = ["3"]`, []stage.Problem{{
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
			if diff := cmp.Diff(test.want, p.Check(args, qwen)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
