package process

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

var _ deploy.Checker = (*Provider)(nil)

// Check tells what Create would refuse, but for what depends on the machine: programs, ports and keys.
func (*Provider) Check(args cty.Value, d stage.Deployment) []stage.Problem {
	problems := checkEngine(args, d.Engine)
	if len(d.Engine.Command) > 0 && block.Has(args, "program") {
		problems = append(problems, stage.Problem{
			Where: stage.InProvider, Summary: "Two programs", Detail: "The engine's command names a program already: remove program.",
		})
	}
	if ids := block.Strings(args, "gpu_ids"); ids != nil && len(ids) < d.GPUs {
		problems = append(problems, stage.Problem{
			Where: stage.InGPUs, Summary: "Too few GPUs",
			Detail: fmt.Sprintf("gpu_ids names %s and the deployment needs %d: name more, or leave gpu_ids out.", plural.Of(len(ids), "GPU"), d.GPUs),
		})
	}
	if told, gpus := parallelism(d.Engine); told != "" && gpus != d.GPUs {
		problems = append(problems, stage.Problem{
			Where: stage.InEngine, Summary: "Other number of GPUs",
			Detail: fmt.Sprintf("The engine's args spread the model over %s (%s), and the deployment has gpus = %d, by which results are divided. "+
				"Leave it out of args, since gpus sets it, or give the benchmark gpus = %d.", plural.Of(gpus, "GPU"), told, d.GPUs, gpus),
		})
	}
	return problems
}

// parallelism returns over how many GPUs the args of an engine spread a model, and which of them say so; none do where that is left to gpus.
func parallelism(e stage.Engine) (told string, gpus int) {
	flags := map[string][][]string{
		vllm:   {{"--tensor-parallel-size", "-tp"}, {"--pipeline-parallel-size", "-pp"}, {"--data-parallel-size", "-dp"}},
		sglang: {{"--tp-size", "--tensor-parallel-size", "--tp"}, {"--pp-size", "--pipeline-parallel-size", "--pp"}}, // its data parallelism may share them
	}[e.Kind]
	var words []string
	gpus = 1
	for i, names := range flags {
		word, n := lastNumber(e.Args, names)
		if n < 1 {
			if i == 0 {
				return "", 0 // gpus sets it; what else there is is the engine's to judge
			}
			continue
		}
		words, gpus = append(words, word), gpus*n
	}
	return strings.Join(words, ", "), gpus
}

// lastNumber returns the number that the last of some flags has among args, and the flag with it; 0 if there is none.
func lastNumber(args, names []string) (word string, n int) {
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !slices.Contains(names, name) {
			continue
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if number, err := strconv.Atoi(value); err == nil {
			word, n = name+" "+value, number
		}
	}
	return word, n
}

// checkEngine finds what keeps an engine from being started here.
func checkEngine(args cty.Value, e stage.Engine) []stage.Problem {
	var problems []stage.Problem
	add := func(summary, detail string) {
		problems = append(problems, stage.Problem{Where: stage.InEngine, Summary: summary, Detail: detail})
	}
	some := strings.Join(kinds(), ", ")
	_, unfilled := fill(e.Command, server{})
	switch {
	case len(e.Command) == 0 && e.Kind == "":
		add("No engine", "Provider process starts a server and must know which: name an engine block of kind "+some+", or one with a command.")
	case len(e.Command) == 0 && !slices.Contains(kinds(), e.Kind):
		add("Unknown engine", fmt.Sprintf("There is no command for an engine of kind %q: its kind must be one of %s, or it needs a command.", e.Kind, some))
	case unfilled != nil:
		add("Unknown template", "In the command, "+unfilled.Error()+".")
	case len(e.Command) > 0 && !passes(e.Command, "{port}") && block.Int(args, "port") == 0:
		add("Unknown port", "The command does not say where to listen: pass {port} on to it, or set the provider's port to the one that it has.")
	}
	if e.Image != "" {
		add("Image without containers", "Provider process runs programs of this machine: remove image.")
	}
	return problems
}
