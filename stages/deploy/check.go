package deploy

import (
	"fmt"
	"maps"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// Checker is the optional power to find what Create would refuse, without creating anything. Check is a function of its arguments: it looks
// at no file, no network and no environment, so that a suite is as right or wrong on one machine as on another.
type Checker interface {
	// Check tells everything that is wrong with a deployment under these arguments of the provider's block, in the order of the
	// deployment's parts. Engine.Env names secrets too, with block.Redacted in place of their values.
	Check(args cty.Value, d stage.Deployment) []stage.Problem
}

// Check tells what a provider would refuse of a deployment. A provider that cannot tell finds nothing.
func (k *Kind) Check(d stage.Planned) []stage.Problem {
	provider, args, problem := k.planned(d)
	if problem != nil {
		return []stage.Problem{*problem}
	}
	return check(provider, args, d.Deployment)
}

// planned returns the provider of a planned deployment and its arguments, or what is wrong with these.
func (k *Kind) planned(d stage.Planned) (Provider, cty.Value, *stage.Problem) {
	name := d.Provider.Type
	provider, ok := k.providers[name]
	if !ok {
		return nil, cty.NilVal, &stage.Problem{
			Where: stage.InProvider, Summary: "Unknown provider",
			Detail: fmt.Sprintf("There is no provider %q; there are %s.", name, k.known()),
		}
	}
	args, err := arguments(provider.Body(), d.Provider.Config, d.Provenance)
	if err != nil {
		return nil, cty.NilVal, &stage.Problem{
			Where: stage.InProvider, Summary: "Unreadable arguments",
			Detail: fmt.Sprintf("Provider %s: %v.", name, err),
		}
	}
	return provider, args, nil
}

func check(provider Provider, args cty.Value, d stage.Deployment) []stage.Problem {
	if checker, ok := provider.(Checker); ok {
		return checker.Check(args, d)
	}
	return nil
}

// refuse turns what is wrong with a configuration into the error of a start that makes no sense to try.
func refuse(provider Provider, args cty.Value, cfg stage.DeployConfig) error {
	d := cfg.Deployment
	if len(cfg.SecretEnv) > 0 {
		d.Engine.Env = maps.Clone(d.Engine.Env)
		if d.Engine.Env == nil {
			d.Engine.Env = map[string]string{}
		}
		for name := range cfg.SecretEnv {
			d.Engine.Env[name] = block.Redacted
		}
	}
	var found []string
	for _, p := range check(provider, args, d) {
		found = append(found, p.Where+": "+p.Detail)
	}
	if len(found) == 0 {
		return nil
	}
	return stage.Failf(stage.Permanent, "bad_config", "%s", strings.Join(found, "\n"))
}

// StartOptions names what an engine block says about starting a server beside the engine's kind, for providers that start no program.
func StartOptions(e stage.Engine) []string {
	var names []string
	for _, option := range []struct {
		name  string
		given bool
	}{{"image", e.Image != ""}, {"command", len(e.Command) > 0}, {"args", len(e.Args) > 0}, {"env", len(e.Env) > 0}} {
		if option.given {
			names = append(names, option.name)
		}
	}
	return names
}
