package simulator

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator/hardware"
)

var (
	_ deploy.Checker   = (*Provider)(nil)
	_ deploy.Contexter = (*Provider)(nil)
)

// Context is the model's, the one that an engine's args ask for, or what the KV cache of the GPUs holds; 0 where Check finds something wrong.
func (*Provider) Context(args cty.Value, d stage.Deployment) int {
	cfg, err := configure("check", deploy.Spec{Scope: deploy.Scope{Args: args}, Deployment: d})
	if err != nil || len(checkEngine(&cfg, d.Engine)) > 0 {
		return 0
	}
	server, err := New(cfg)
	if err != nil {
		return 0
	}
	return server.modelLen
}

// Check tells what Create would refuse: all of it, since a server of this package is made of nothing but its configuration.
func (*Provider) Check(args cty.Value, d stage.Deployment) []stage.Problem {
	cfg, err := configure("check", deploy.Spec{Scope: deploy.Scope{Args: args}, Deployment: d})
	if err != nil {
		return []stage.Problem{{Where: stage.InProvider, Summary: "Unreadable arguments", Detail: sentence(err)}}
	}
	cfg = cfg.withDefaults()
	problems := checkHardware(args, cfg)
	problems = append(problems, checkEngine(&cfg, d.Engine)...)
	if err := cfg.check(); err != nil {
		problems = append(problems, stage.Problem{Where: stage.InProvider, Summary: "Impossible server", Detail: sentence(err)})
	}
	if len(problems) > 0 {
		return problems
	}
	if _, err := New(cfg); err != nil { // what is left are the engine's sizes, against each other and the machine's
		return []stage.Problem{{Where: stage.InEngine, Summary: "Impossible server", Detail: sentence(err)}}
	}
	return nil
}

// checkHardware finds a model and GPUs that are unknown or do not go together.
func checkHardware(args cty.Value, cfg Config) []stage.Problem {
	var problems []stage.Problem
	model, err := hardware.LookupModel(cfg.Model)
	if err != nil {
		problems = append(problems, unknownModel(args, cfg.Model))
	}
	gpu, err := hardware.LookupGPU(cfg.GPUType)
	if err != nil {
		problems = append(problems, stage.Problem{
			Where: stage.InGPUType, Summary: "Unknown GPU type",
			Detail: fmt.Sprintf("The simulator has no %q; it has %s.", cfg.GPUType, strings.Join(hardware.GPUNames(), ", ")),
		})
	}
	if len(problems) > 0 {
		return problems
	}
	if _, err := hardware.New(hardware.Config{Model: model, GPU: gpu, GPUs: cfg.GPUs}); err != nil {
		return []stage.Problem{{Where: stage.InGPUs, Summary: "Impossible number of GPUs", Detail: sentence(err)}}
	}
	return nil
}

// checkEngine puts the engine's args into the configuration and refuses what would have no effect.
func checkEngine(cfg *Config, e stage.Engine) []stage.Problem {
	var problems []stage.Problem
	add := func(summary, detail string) {
		problems = append(problems, stage.Problem{Where: stage.InEngine, Summary: summary, Detail: detail})
	}
	switch e.Kind {
	case "", "simulator", "vllm":
	default:
		add("Another engine", fmt.Sprintf("The simulator behaves as vLLM and cannot stand for %q: an engine here is of kind vllm or simulator.", e.Kind))
	}
	for _, wrong := range honour(cfg, e.Args) {
		add("Argument without effect", sentence(errors.New(wrong)))
	}
	e.Args = nil
	if moot := deploy.StartOptions(e); len(moot) > 0 {
		add("Engine that is not started", fmt.Sprintf("The simulator runs in inferencex itself: remove %s from the engine.", strings.Join(moot, " and ")))
	}
	return problems
}

// unknownModel says which models there are, where the suite names the one that there is not.
func unknownModel(args cty.Value, name string) stage.Problem {
	p := stage.Problem{Where: stage.InModel, Summary: "Unknown model"}
	p.Detail = fmt.Sprintf("The simulator does not know %q; it knows %s.", name, strings.Join(hardware.ModelNames(), ", "))
	if block.Has(args, "model") {
		p.Where = stage.InProvider
	} else {
		p.Detail += " The provider's argument model names one to behave as."
	}
	return p
}

// sentence is an error of this package in a diagnostic.
func sentence(err error) string {
	text := strings.TrimPrefix(err.Error(), "simulator: ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}
