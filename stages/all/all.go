// Package all is the one place that lists every stage, provider, metric and chart. Nothing registers itself: what is not named here is not
// in the program.
package all

import (
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/stages/aggregate"
	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/endpoint"
	"github.com/strangeloopio/inferencex/stages/deploy/process"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/plot"
	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/teardown"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

// Config says how the program finds itself, for the parts of it that start a copy.
type Config struct {
	// Executable is the path of this program. Empty: the process provider can start no server.
	Executable string
	// Ceiling is what this machine's client keeps up with; nil: unknown.
	Ceiling *measured.Ceiling
}

// Registry is every part, made once for a process: some providers remember what they started.
type Registry struct {
	deploy *deploy.Kind
	kinds  map[string]stage.Kind
}

// New makes the parts.
func New(cfg Config) *Registry {
	r := &Registry{kinds: map[string]stage.Kind{}}
	r.deploy = deploy.New(
		endpoint.New(),
		process.New(process.Config{Guard: []string{cfg.Executable, "guard"}, Simulator: cfg.Executable}),
		simulator.NewProvider(),
	)
	loads := load.New()
	if cfg.Ceiling != nil {
		loads = loads.On(*cfg.Ceiling)
	}
	for _, kind := range []stage.Kind{
		r.deploy, warmup.New(), loads, power.New(power.Config{}), aggregate.New(), plot.New(), teardown.New(),
	} {
		r.kinds[kind.Name()] = kind
	}
	return r
}

// Deploy returns the stage that knows the providers. A plan asks it about them.
func (r *Registry) Deploy() *deploy.Kind { return r.deploy }

// Kinds returns the stages by name.
func (r *Registry) Kinds() map[string]stage.Kind { return r.kinds }

// SuiteOptions returns what the language is to know of the parts: the arguments of providers and stages, and the names of metrics and charts.
func (r *Registry) SuiteOptions() suite.Options {
	options := suite.Options{Providers: r.deploy.Bodies(), Stages: map[string]block.Body{}, Metrics: metric.Objectives()}
	for name, kind := range r.kinds {
		options.Stages[name] = block.Body{}
		if has, ok := kind.(stage.Optioned); ok {
			options.Stages[name] = has.Body()
		}
	}
	for _, def := range chart.All() {
		options.Charts = append(options.Charts, def.Name)
	}
	options.Units = objectiveUnits(options.Metrics)
	options.Priced = func(gpuType string) bool {
		known, ok := gpu.Find(gpuType)
		return ok && known.PriceAsOf != ""
	}
	options.Free = map[string]bool{}
	for _, name := range r.deploy.Types() {
		options.Free[name] = r.deploy.Billing(name).Free
	}
	return options
}

// objectiveUnits returns in what the limits of objectives are measured.
func objectiveUnits(objectives []string) map[string]suite.Unit {
	units := map[string]suite.Unit{}
	for _, name := range objectives {
		def, _ := metric.FindObjective(name)
		switch def.Unit {
		case "s":
			units[name] = suite.Seconds
		case "fraction":
			units[name] = suite.Fraction
		default:
			units[name] = suite.Number
		}
	}
	return units
}
