package suite

import (
	"encoding/json"
	"net/textproto"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/extra"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// Workload is what is asked of a server. In a Cell it is resolved: the lengths are set, and exactly one of Requests
// and Duration is.
type Workload struct {
	Name               string
	Requests           int           // measured; 0 where the duration ends the cell
	Duration           time.Duration // 0 where the number of requests ends the cell
	ISL, OSL           int           // input and output length in tokens, the means of Input and Output; 0 where the benchmark sets them
	Input, Output      Lengths       // zero where the benchmark sets them
	Endpoint           string        // "completions" or "chat"
	SharedPrefixTokens int           // that all prompts begin with; 0: all differ from the first token
	SharedPrefixShare  float64       // of the mean input length, in place of tokens; a Cell has the tokens it comes to
	Warmup             int           // requests before the measured ones
	Settle             bool          // the warm-up goes on until the time to the first token has settled
	Timeout            time.Duration // of one request
	Temperature        float64
	IgnoreEOS          bool                  // an output has its length exactly
	ExtraBody          json.RawMessage       // members of each request's body, as canonical JSON; nil: none
	Headers            map[string]block.Text // of each request, by their canonical names
	Dataset            *dataset.Use          // prompts that are sent as they are; nil: words are drawn
	Talk
	Pacing
	Range hcl.Range
}

func workloadBlock() block.Block {
	return block.Block{Kind: "workload", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc: "What is asked of a server: how much, how long, how.",
		Args: append([]block.Arg{
			{Name: "requests", Type: cty.Number, Bounds: block.IntegerFrom(1), Doc: "Measured requests of a cell. When omitted, 8 for each user, or 4 conversations where that is more, or the suite's requests if those are."},
			{Name: "duration", Type: cty.String, Format: block.Duration, Bounds: block.AboveZero(), Doc: "How long a cell sends requests, in place of a number of them."},
			{Name: "isl", Type: cty.DynamicPseudoType, Check: length.Check, Schema: length.Schema, Word: "length", Doc: "Input length, in tokens: a number, or what each request draws its own from. " + length.Doc},
			{Name: "osl", Type: cty.DynamicPseudoType, Check: length.Check, Schema: length.Schema, Word: "length", Doc: "Output length, in tokens: a number or a distribution, as isl."},
			{Name: "endpoint", Type: cty.String, OneOf: []string{"completions", "chat"}, Default: cty.StringVal("completions"), Doc: "Which API is called. Lengths are exact with completions."},
			{Name: "shared_prefix", Type: cty.DynamicPseudoType, Check: checkPrefix, Schema: prefixSchema, Word: "prefix", Default: cty.NumberIntVal(0), Doc: "Tokens that all prompts begin with, so that a prefix cache can help: a number, or a percentage of the mean isl such as \"50%\", rounded down."},
			warmupArg(),
			{Name: "timeout", Type: cty.String, Format: block.Duration, Bounds: block.AboveZero(), Default: cty.StringVal("10m0s"), Doc: "The longest that one request may take; then it is an error."},
			{Name: "temperature", Type: cty.Number, Bounds: block.Within(0, 2), Default: cty.NumberIntVal(0), Doc: "Sampling temperature."},
			{Name: "ignore_eos", Type: cty.Bool, Default: cty.True, Doc: "Generate the full output length even if the model would stop. Where not, osl is the most that an answer may have."},
			{Name: "extra_body", Type: cty.DynamicPseudoType, Check: extra.Body, Schema: extra.BodySchema, Word: "object", Doc: "Members that are merged into the body of each request, such as { top_k = 20 }. Null takes out one that would be sent otherwise: temperature, ignore_eos or min_tokens, for servers that refuse them."},
			{Name: "headers", Type: cty.Map(cty.String), Check: extra.Headers, Secret: true, Doc: "Headers of each request, over the provider's, each value one line. Those whose values are sensitive are never shown and part of no checkpoint key; those that are null are left out."},
		}, slices.Concat(textArgs(), talkArgs(), pacingArgs())...),
	}}
}

func (l *loader) decodeWorkload(w *Workload, c *block.Content) {
	v := c.Value
	w.Requests, w.Duration = block.Int(v, "requests"), block.Time(v, "duration")
	var inputOK, outputOK bool
	w.Input, inputOK = l.lengths(c, "isl")
	w.Output, outputOK = l.lengths(c, "osl")
	w.ISL, w.OSL = w.Input.Mean(), w.Output.Mean()
	w.Endpoint = block.String(v, "endpoint")
	w.SharedPrefixTokens, w.SharedPrefixShare = prefixOf(v.GetAttr("shared_prefix"))
	w.Timeout = block.Time(v, "timeout")
	w.Temperature, w.IgnoreEOS = block.Float(v, "temperature"), block.Bool(v, "ignore_eos")
	w.ExtraBody, w.Headers = extraBody(v), headers(v)
	if c.Broken || !inputOK || !outputOK {
		l.broken[w] = true
		return
	}
	l.requestsAt[w] = c.ArgRange("requests")
	l.decodeWarmup(w, c)
	if w.Requests > 0 && w.Duration > 0 {
		l.broken[w] = true
		l.fail(c.ArgRange("duration"), "Two ends for a cell", "Workload %q sets both requests and duration. Keep the one that shall end a cell.", w.Name)
	}
	l.decodeTexts(w, c)
	l.decodePacing(w, c)
	l.decodeTalk(w, c)
}

// extraBody is the argument extra_body as canonical JSON, nil where there is none.
func extraBody(v cty.Value) json.RawMessage {
	if !block.Has(v, "extra_body") {
		return nil
	}
	text, err := block.CanonicalJSON(v.GetAttr("extra_body"))
	if err != nil || string(text) == "{}" {
		return nil // an unknown value, whose error has been reported
	}
	return text
}

// headers are those of the argument by the names that HTTP gives them.
func headers(v cty.Value) map[string]block.Text {
	var out map[string]block.Text
	for name, value := range block.TextMap(v, "headers") {
		if out == nil {
			out = map[string]block.Text{}
		}
		out[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	return out
}
