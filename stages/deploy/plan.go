package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// parseConfig reads a deploy step's configuration.
func parseConfig(text json.RawMessage) (stage.DeployConfig, error) {
	var cfg stage.DeployConfig
	if err := json.Unmarshal(text, &cfg); err != nil {
		return cfg, fmt.Errorf("read the deployment's configuration: %w", err)
	}
	return cfg, nil
}

// arguments reads a provider's arguments as a plan writes them: those that bear on results and those that do not, each a JSON object or
// nothing. What is in neither has its default.
func arguments(body block.Body, keyed, provenance json.RawMessage) (cty.Value, error) {
	given := map[string]json.RawMessage{}
	for _, part := range []json.RawMessage{keyed, provenance} {
		if len(part) == 0 {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(part, &object); err != nil {
			return cty.NilVal, fmt.Errorf("read the provider's arguments: %w", err)
		}
		maps.Copy(given, object)
	}
	values := body.Defaults().AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, err := argument(body, name, given[name])
		if err != nil {
			return cty.NilVal, fmt.Errorf("read the provider's arguments: %w", err)
		}
		values[name] = value
	}
	return cty.ObjectVal(values), nil
}

// argument reads one argument. The type of one that may be anything is what its JSON implies.
func argument(body block.Body, name string, text json.RawMessage) (cty.Value, error) {
	types := body.Type().AttributeTypes()
	ty, known := types[name]
	if !known {
		return cty.NilVal, fmt.Errorf("unsupported attribute %q", name)
	}
	if ty == cty.DynamicPseudoType {
		implied, err := ctyjson.ImpliedType(text)
		if err != nil {
			return cty.NilVal, fmt.Errorf("%s: %w", name, err)
		}
		ty = implied
	}
	value, err := ctyjson.Unmarshal(text, ty)
	if err != nil {
		return cty.NilVal, fmt.Errorf("%s: %w", name, err)
	}
	return value, nil
}

// newToken names a new incarnation. It is the same for the same run, step, attempt and moment, and different otherwise.
func newToken(env stage.Env, task stage.Task) Token {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d\n%d", env.RunID, task.Address, task.Attempt, env.Now().UnixNano())
	return Token("ix-" + hex.EncodeToString(h.Sum(nil)[:10]))
}

// labels are what a server of this run carries.
func labels(env stage.Env, token Token) map[string]string {
	l := map[string]string{LabelToken: string(token)}
	if env.RunID != "" {
		l[LabelRun] = env.RunID
	}
	return l
}

func digest(config json.RawMessage) string {
	sum := sha256.Sum256(config)
	return hex.EncodeToString(sum[:])
}

// describe names a deployment in an error.
func describe(d stage.Deployment) string {
	text := d.Model.Repo + " on " + d.Provider.Type
	if d.GPUs > 0 && d.GPUType != "" {
		text += " (" + strconv.Itoa(d.GPUs) + " × " + d.GPUType + ")"
	}
	return text
}
