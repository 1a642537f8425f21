package plan

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// canonicalJSON marshals plain data; what cannot be marshalled is a bug.
func canonicalJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return text
}

// canonical returns the one JSON text of a value. The language has decoded it, so that it is whole.
func canonical(v cty.Value) json.RawMessage {
	if v == cty.NilVal {
		return nil
	}
	text, err := block.CanonicalJSON(v)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return text
}

// unkeyed returns the arguments of a block that are not part of keys.
func unkeyed(config, keyConfig cty.Value) json.RawMessage {
	var all, keyed map[string]json.RawMessage
	if json.Unmarshal(canonical(config), &all) != nil || json.Unmarshal(canonical(keyConfig), &keyed) != nil {
		return nil
	}
	maps.DeleteFunc(all, func(name string, value json.RawMessage) bool {
		_, ok := keyed[name]
		return ok || string(value) == "null"
	})
	if len(all) == 0 {
		return nil
	}
	return canonicalJSON(all)
}
