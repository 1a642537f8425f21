package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

var (
	_ deploy.Checker        = (*Provider)(nil)
	_ deploy.ContextLimiter = (*Provider)(nil)
)

// Context is the model's, the one that an engine's args ask for, or what the KV cache of the GPUs holds; 0 where Check finds something wrong.
func (*Provider) Context(args cty.Value, d stage.Deployment) int {
	cfg, err := configure("check", deploy.Spec{Scope: deploy.Scope{Args: args}, Deployment: d})
	if err != nil || len(checkEngine(&cfg, d.Engine)) > 0 {
		return 0
	}
	server, err := simulator.New(cfg)
	if err != nil {
		return 0
	}
	return server.Info().MaxModelLen
}

// Check tells what Create would refuse: all of it, since a server of this package is made of nothing but its configuration.
func (*Provider) Check(args cty.Value, d stage.Deployment) []stage.Problem {
	cfg, err := configure("check", deploy.Spec{Scope: deploy.Scope{Args: args}, Deployment: d})
	if err != nil {
		return []stage.Problem{{Where: stage.InProvider, Summary: "Unreadable arguments", Detail: sentence(err)}}
	}
	cfg = cfg.WithDefaults()
	problems := checkHardware(args, d, cfg)
	problems = append(problems, checkEngine(&cfg, d.Engine)...)
	if err := cfg.Check(); err != nil {
		problems = append(problems, stage.Problem{Where: stage.InProvider, Summary: "Impossible server", Detail: sentence(err)})
	}
	if len(problems) > 0 {
		return problems
	}
	if _, err := simulator.New(cfg); err != nil { // what is left are the engine's sizes, against each other and the machine's
		return []stage.Problem{{Where: stage.InEngine, Summary: "Impossible server", Detail: sentence(err)}}
	}
	return nil
}

// checkHardware finds a model and GPUs that are unknown or do not go together.
func checkHardware(args cty.Value, d stage.Deployment, cfg simulator.Config) []stage.Problem {
	model, problem := checkModel(args, d, cfg)
	gpu, another := checkGPU(cfg)
	if problems := slices.Concat(problem, another); len(problems) > 0 {
		return problems
	}
	if _, err := hardware.New(hardware.Config{Model: model, GPU: gpu, GPUs: cfg.GPUs}); err != nil {
		return refuse(stage.InGPUs, "Impossible number of GPUs", "%s", sentence(err))
	}
	return nil
}

// checkModel finds the model's sizes: in the catalogue, or else in the provider's block.
func checkModel(args cty.Value, d stage.Deployment, cfg simulator.Config) (hardware.Model, []stage.Problem) {
	known, err := hardware.LookupModel(cfg.Model)
	switch {
	case cfg.ModelSpec != nil && block.Has(args, "model"):
		return hardware.Model{}, refuse(stage.InProvider, "Two models", "Architecture says what %q is, and model says what else to behave as: take one of the two out.", d.Model.Repo)
	case cfg.ModelSpec != nil && err == nil:
		return hardware.Model{}, refuse(stage.InProvider, "Model described twice", "The simulator's catalogue has %s: take architecture out, or give the model a name of its own.", known.Name)
	case cfg.ModelSpec != nil:
		if err := cfg.ModelSpec.Check(); err != nil {
			return hardware.Model{}, refuse(stage.InProvider, "Impossible architecture", "%s", sentence(err))
		}
		return *cfg.ModelSpec, nil
	case err == nil:
		return known, nil
	}
	detail := fmt.Sprintf("The simulator does not know %q; it knows %s.", cfg.Model, strings.Join(hardware.ModelNames(), ", "))
	nearest := block.Suggest(path.Base(cfg.Model), hardware.ModelNames())
	if block.Has(args, "model") {
		if nearest != "" {
			detail += fmt.Sprintf(" The nearest name is %q.", nearest)
		}
		return hardware.Model{}, refuse(stage.InProvider, "Unknown model", "%s", detail)
	}
	return hardware.Model{}, refuse(stage.InModel, "Unknown model",
		"%s Describe a dense model in the provider's block with the figures of its config.json: %s. Or behave as another: model = %q.",
		detail, architecture().template(), cmp.Or(nearest, "Qwen3-8B"))
}

// checkGPU finds the GPU's rates: in the catalogue, or else in the provider's block.
func checkGPU(cfg simulator.Config) (hardware.GPU, []stage.Problem) {
	known, err := hardware.LookupGPU(cfg.GPUType)
	switch {
	case cfg.GPUSpec != nil && err == nil:
		return hardware.GPU{}, refuse(stage.InProvider, "GPU described twice", "The simulator's catalogue has %s: take board out, or give the GPU type a name of its own.", known.Name)
	case cfg.GPUSpec != nil:
		if err := cfg.GPUSpec.Check(); err != nil {
			return hardware.GPU{}, refuse(stage.InProvider, "Impossible board", "%s", sentence(err))
		}
		return *cfg.GPUSpec, nil
	case err == nil:
		return known, nil
	}
	detail := fmt.Sprintf("The simulator has no %q; it has %s.", cfg.GPUType, strings.Join(hardware.GPUNames(), ", "))
	if nearest := block.Suggest(cfg.GPUType, hardware.GPUNames()); nearest != "" {
		detail += fmt.Sprintf(" The nearest name is %q.", nearest)
	}
	detail += " Describe another in the provider's block with the figures of its data sheet: " + board().template() + "."
	return hardware.GPU{}, refuse(stage.InGPUType, "Unknown GPU type", "%s", detail)
}

func refuse(where, summary, format string, args ...any) []stage.Problem {
	return []stage.Problem{{Where: where, Summary: summary, Detail: fmt.Sprintf(format, args...)}}
}

// checkEngine puts the engine's args into the configuration and refuses what would have no effect.
func checkEngine(cfg *simulator.Config, e stage.Engine) []stage.Problem {
	var problems []stage.Problem
	add := func(summary, detail string) {
		problems = append(problems, stage.Problem{Where: stage.InEngine, Summary: summary, Detail: detail})
	}
	switch e.Kind {
	case "", "vllm":
	case "simulator":
		add("Second name of one server", "The simulator behaves as vLLM, and an engine of kind simulator would be the same server under a second name. "+
			"Write kind = \"vllm\", or leave the engine out.")
	default:
		add("Another engine", fmt.Sprintf("The simulator behaves as vLLM and cannot stand for %q: an engine here is of kind vllm.", e.Kind))
	}
	for _, wrong := range cfg.Honour(e.Args) {
		add("Argument without effect", sentence(errors.New(wrong)))
	}
	e.Args = nil
	if moot := deploy.StartOptions(e); len(moot) > 0 {
		add("Engine that is not started", fmt.Sprintf("The simulator runs in inferencex itself: remove %s from the engine.", strings.Join(moot, " and ")))
	}
	return problems
}

// sentence is an error of this package in a diagnostic.
func sentence(err error) string {
	text := strings.TrimPrefix(err.Error(), "simulator: ")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}
