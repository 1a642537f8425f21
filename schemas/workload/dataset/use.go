package dataset

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// Doc says what a dataset is, for the reference of the language.
const Doc = "A file of prompts that are sent as they are, in place of isl: on each line {\"prompt\": \"…\"}, or {\"messages\": [{\"role\": \"user\", \"content\": \"…\"}]} for chat; or an array of such objects. " +
	"Conversations as ShareGPT has them, {\"conversations\": [{\"from\": \"human\", \"value\": \"…\"}, {\"from\": \"gpt\", …}]}, are asked their first question. " +
	"Where osl is given by nobody it is that of the recorded answer: output_tokens of the entry, or its completion, its last message or its first answer as the model's tokenizer counts it. " +
	"Each entry comes once before any comes again, in an order that follows from the suite's seed and the trial: cells that are compared are asked the same."

// UniqueDoc says what unique means.
const UniqueDoc = "Put some drawn words in front of each prompt of a dataset, so that no prefix cache finds it again when it is asked again: by the same cell, by another on the same server, or by the warm-up. " +
	"Where not, prompts are sent just as they are, and cells of one deployment can find each other's in its cache; those of the warm-up have the words all the same."

// KeepDoc says what keep means.
const KeepDoc = "Which entries of a dataset are asked, by the tokens that the model's tokenizer counts: { min_isl = 4, max_isl = 1024, min_osl = 4, max_total = 2048 } are the bounds that vLLM has for ShareGPT, " +
	"and there is max_osl, too. isl is the prompt, osl the recorded answer, total both; of a conversation the first of each."

// Use is a dataset and how a workload asks it.
type Use struct {
	Data   *Dataset
	Unique bool // words that are drawn stand in front of each prompt
	Keep   Keep
}

// Keep bounds what is asked, in tokens, both bounds possible; 0: no bound. An entry without an answer has an osl of 0.
type Keep struct {
	MinISL   int `json:"min_isl,omitempty"`
	MaxISL   int `json:"max_isl,omitempty"`
	MinOSL   int `json:"min_osl,omitempty"`
	MaxOSL   int `json:"max_osl,omitempty"`
	MaxTotal int `json:"max_total,omitempty"`
}

func (k Keep) holds(isl, osl int) bool {
	within := func(n, least, most int) bool { return n >= least && (most == 0 || n <= most) }
	return within(isl, k.MinISL, k.MaxISL) && within(osl, k.MinOSL, k.MaxOSL) && within(isl+osl, 0, k.MaxTotal)
}

// bounds are those that are set, by their names in a suite.
func (k *Keep) bounds() map[string]*int {
	return map[string]*int{"min_isl": &k.MinISL, "max_isl": &k.MaxISL, "min_osl": &k.MinOSL, "max_osl": &k.MaxOSL, "max_total": &k.MaxTotal}
}

// String lists the bounds that are set: "max_isl = 1024, min_isl = 4".
func (k Keep) String() string {
	var set []string
	bounds := k.bounds()
	for _, name := range slices.Sorted(maps.Keys(bounds)) {
		if n := *bounds[name]; n > 0 {
			set = append(set, fmt.Sprintf("%s = %d", name, n))
		}
	}
	return strings.Join(set, ", ")
}

// DecodeKeep reads bounds from a known value that is neither null nor marked.
func DecodeKeep(v cty.Value) (k Keep, err error) {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return k, fmt.Errorf("%s is no set of bounds; write { min_isl = 4, max_total = 2048 }", block.Noun(v.Type()))
	}
	bounds := k.bounds()
	names := slices.Sorted(maps.Keys(bounds))
	attrs := v.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		into, known := bounds[name]
		if !known {
			return k, fmt.Errorf("%q is no bound%s", name, block.Hint(name, names))
		}
		if attrs[name].IsNull() {
			continue
		}
		n, err := convert.Convert(attrs[name], cty.Number)
		if err != nil {
			return k, fmt.Errorf("%s is a number of tokens, but this is %s", name, block.Noun(attrs[name].Type()))
		}
		if err := block.Integer(1)(n); err != nil {
			return k, fmt.Errorf("%s: %w", name, err)
		}
		if most := cty.NumberIntVal(length.MaxTokens); n.GreaterThan(most).True() {
			return k, fmt.Errorf("%s is too large; the most is %d", name, length.MaxTokens)
		}
		tokens, _ := n.AsBigFloat().Int64()
		*into = int(tokens)
	}
	for _, pair := range []struct {
		name        string
		least, most int
	}{{"isl", k.MinISL, k.MaxISL}, {"osl", k.MinOSL, k.MaxOSL}} {
		if pair.most > 0 && pair.least > pair.most {
			return k, fmt.Errorf("min_%s = %d lies above max_%s = %d", pair.name, pair.least, pair.name, pair.most)
		}
	}
	if k.MaxTotal > 0 && k.MinISL+k.MinOSL > k.MaxTotal {
		return k, fmt.Errorf("min_isl = %d and min_osl = %d are more than max_total = %d", k.MinISL, k.MinOSL, k.MaxTotal)
	}
	return k, nil
}

// CheckKeep holds a value against what DecodeKeep takes.
func CheckKeep(v cty.Value) error {
	_, err := DecodeKeep(v)
	return err
}

// KeepSchema is what bounds look like in JSON.
func KeepSchema() map[string]any {
	properties := map[string]any{}
	for name := range new(Keep).bounds() {
		properties[name] = map[string]any{"type": "integer", "minimum": 1}
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// shape is a use in JSON.
type shape struct {
	Keep   *Keep  `json:"keep,omitempty"`
	SHA256 string `json:"sha256"`
	Unique bool   `json:"unique"`
}

// MarshalJSON is the form in which a use enters a checkpoint key: of the dataset its content counts, and not its path.
func (u Use) MarshalJSON() ([]byte, error) {
	s := shape{SHA256: u.Data.Digest, Unique: u.Unique}
	if u.Keep != (Keep{}) {
		s.Keep = &u.Keep
	}
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON writes. The dataset comes without its entries: Library.Resolve puts them back.
func (u *Use) UnmarshalJSON(text []byte) error {
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.SHA256 == "" {
		return fmt.Errorf("dataset %s: want the sha256 of its content", text)
	}
	*u = Use{Data: &Dataset{Digest: s.SHA256}, Unique: s.Unique}
	if s.Keep != nil {
		u.Keep = *s.Keep
	}
	return nil
}
