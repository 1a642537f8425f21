package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// Variable is one environment variable of a server. It prints without its value if that is a secret.
type Variable struct {
	Name   string
	Value  string
	Secret bool
}

// String is NAME=value, or NAME=(sensitive).
func (v Variable) String() string {
	if v.Secret {
		return v.Name + "=" + block.Redacted
	}
	return v.Name + "=" + v.Value
}

// GoString keeps %#v from showing a secret.
func (v Variable) GoString() string { return v.String() }

// Environment is a server's environment variables by name.
type Environment []Variable

// newEnvironment makes the variables of a deployment: those in clear, and those whose values the suite gives and the plan keeps to itself.
func newEnvironment(cfg stage.DeployConfig, secret func(string) string) (Environment, error) {
	var env Environment
	for _, name := range slices.Sorted(maps.Keys(cfg.SecretEnv)) {
		v := Variable{Name: name, Secret: true}
		if secret != nil {
			v.Value = secret(cfg.SecretEnv[name])
		}
		if v.Value == "" {
			return nil, stage.Failf(stage.Permanent, "secret_missing",
				"environment variable %s is empty: give a value to %s in the suite", name, cfg.SecretEnv[name])
		}
		env = append(env, v)
	}
	for name, value := range cfg.Deployment.Engine.Env {
		env = append(env, Variable{Name: name, Value: value})
	}
	slices.SortFunc(env, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return env, nil
}

// Strings returns NAME=value for each variable, secrets in clear: for the call that starts the server and nothing else.
func (e Environment) Strings() []string {
	var out []string
	for _, v := range e {
		out = append(out, v.Name+"="+v.Value)
	}
	return out
}

// leastSecret is the length from which a secret's value is looked for in text: shorter ones would garble it.
const leastSecret = 6

// Redact returns text with block.Redacted in place of the values of secrets, and of the lines of one that has several: text comes by the line.
func (e Environment) Redact(text string) string {
	for _, v := range e {
		if !v.Secret {
			continue
		}
		for _, secret := range append([]string{v.Value}, strings.Split(v.Value, "\n")...) {
			if len(secret) >= leastSecret {
				text = strings.ReplaceAll(text, secret, block.Redacted)
			}
		}
	}
	return text
}

// APIKey reads the API key that a server wants from the variable of this name; empty without a name.
func APIKey(name string, getenv func(string) string) (string, error) {
	if name == "" {
		return "", nil
	}
	value := getenv(name)
	if value == "" {
		return "", stage.Fail(stage.Permanent, "api_key_missing",
			fmt.Errorf("environment variable %s is empty: it must hold the API key of the endpoint (api_key_env)", name))
	}
	return value, nil
}
