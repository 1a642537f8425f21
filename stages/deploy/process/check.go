package process

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

var _ deploy.Checker = (*Provider)(nil)

// Check tells what Create would refuse, but for what depends on the machine: programs, ports and keys.
func (*Provider) Check(args cty.Value, d stage.Deployment) []stage.Problem {
	var problems []stage.Problem
	engine, own := block.String(args, "engine"), block.Strings(args, "command")
	if (engine == "") == (len(own) == 0) {
		problems = append(problems, stage.Problem{
			Where: stage.InProvider, Summary: "No server to start", Detail: "Provider process wants either engine or command.",
		})
	}
	if _, err := fill(own, server{}); err != nil {
		problems = append(problems, stage.Problem{Where: stage.InProvider, Summary: "Unknown template", Detail: err.Error()})
	}
	if ids := block.Strings(args, "gpu_ids"); ids != nil && len(ids) < d.GPUs {
		problems = append(problems, stage.Problem{
			Where: stage.InGPUs, Summary: "Too few GPUs",
			Detail: fmt.Sprintf("gpu_ids names %d GPUs and the deployment needs %d: name more, or leave gpu_ids out.", len(ids), d.GPUs),
		})
	}
	return problems
}
