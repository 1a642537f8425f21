package deploy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

func TestArguments(t *testing.T) {
	body := block.Body{Args: []block.Arg{{Name: "zone", Type: cty.String, Default: cty.StringVal("a")}, {Name: "any", Type: cty.DynamicPseudoType}}}
	tests := map[string]struct {
		keyed, provenance string
		zone, err         string
	}{
		"nothing":     {"", "", "a", ""},
		"empty":       {"{}", "{}", "a", ""},
		"given":       {`{"zone":"b"}`, "", "b", ""},
		"null":        {`{"zone":null}`, "", "", ""},
		"unknown":     {`{"zones":"b"}`, "", "", `read the provider's arguments: unsupported attribute "zones"`},
		"wrong type":  {`{"zone":[]}`, "", "", "read the provider's arguments: zone: "},
		"of any type": {`{"any":[{"a":1},{"b":"x"}],"zone":"b"}`, "", "b", ""},
		"not a JSON":  {`zone`, "", "", "read the provider's arguments: invalid character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := arguments(body, json.RawMessage(test.keyed), json.RawMessage(test.provenance))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error = %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || block.String(got, "zone") != test.zone {
				t.Errorf("zone = %q, %v; want %q", block.String(got, "zone"), err, test.zone)
			}
		})
	}
}
