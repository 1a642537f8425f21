package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/failure"
)

// faultsArg is the provider's argument faults. Its elements differ in what they have, so that the language knows no type for them.
func faultsArg() block.Arg {
	return block.Arg{
		Name: "faults", Type: cty.DynamicPseudoType, Schema: faultsSchema,
		Check: func(v cty.Value) error {
			_, err := decodeFaults(v)
			return err
		},
		Doc: "What goes wrong, one after the other: { kind = \"startup\", class = \"cuda_oom\" } or { kind = \"stall\", count = 2, after_requests = 100 }. " +
			"Kinds and what they may have: " + faultsInWords() + ". Classes of a failed start: " + strings.Join(failure.Classes(), ", ") + ". The same objects are taken by POST /simulator/faults while the server runs.",
	}
}

// faultsInWords lists the kinds with their settings.
func faultsInWords() string {
	text := ""
	for i, kind := range simulator.FaultKinds() {
		if i > 0 {
			text += "; "
		}
		text += kind
		for j, name := range simulator.FaultSettings()[simulator.FaultKind(kind)] {
			text += map[bool]string{true: " (", false: ", "}[j == 0] + name
		}
		text += ")"
	}
	return text
}

// decodeFaults reads the argument. The error says which element it is about.
func decodeFaults(v cty.Value) ([]simulator.Fault, error) {
	if !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType() {
		return nil, fmt.Errorf("%s is no list of faults; write [{ kind = \"stall\" }]", block.Noun(v.Type()))
	}
	var faults []simulator.Fault
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		text, err := ctyjson.Marshal(element, element.Type())
		if err != nil {
			return nil, fmt.Errorf("read faults: %w", err)
		}
		var f simulator.Fault
		if err := json.Unmarshal(text, &f); err != nil {
			return nil, fmt.Errorf("element %d: %w", len(faults)+1, err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// faultsSchema is what the argument looks like in JSON.
func faultsSchema() map[string]any {
	count := map[string]any{"type": "integer", "minimum": 0}
	amount := map[string]any{"type": "number", "minimum": 0}
	text := map[string]any{"type": "string"}
	types := map[string]map[string]any{
		"class": text, "message": text, "count": count, "after_requests": count, "after_chunks": count,
		"stall_seconds": amount, "bytes_per_second": amount, "after_seconds": amount, "seconds": amount, "gpu": count, "devices": count,
		"offset_seconds": {"type": "number"},
	}
	var kinds []any
	for _, kind := range slices.Sorted(maps.Keys(simulator.FaultSettings())) {
		properties := map[string]any{"kind": map[string]any{"const": string(kind)}}
		for _, name := range simulator.FaultSettings()[kind] {
			properties[name] = types[name]
		}
		kinds = append(kinds, map[string]any{"type": "object", "properties": properties, "required": []string{"kind"}, "additionalProperties": false})
	}
	return map[string]any{"title": "list of faults", "type": "array", "items": map[string]any{"anyOf": kinds}}
}
