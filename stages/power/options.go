package power

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// The sources that a suite can name.
const (
	sourceAuto      = "auto"
	sourceSimulator = "simulator"
	sourceSMI       = "nvidia-smi"
	sourceCSV       = "csv"
	sourceNone      = "none"
)

// options are the arguments of the stage "fetch-power" block, under their names in the suite.
type options struct {
	Source   string         `json:"source"`
	Required bool           `json:"required"`
	Period   stage.Duration `json:"period"`
	Pad      stage.Duration `json:"pad"`
	Path     string         `json:"path"`
	Command  command        `json:"command"`
}

// command is a program and the arguments that come before ours: nvidia-smi itself, or what runs it elsewhere. In JSON one word is a string.
type command []string

func (c *command) UnmarshalJSON(text []byte) error {
	var word string
	if json.Unmarshal(text, &word) == nil {
		*c = command{word}
		return nil
	}
	var words []string
	if err := json.Unmarshal(text, &words); err != nil {
		return fmt.Errorf("command: want a string or a list of strings: %w", err)
	}
	*c = words
	return nil
}

func (c command) String() string { return strings.Join(c, " ") }

// checkCommand wants a word, or a list of words of which the first is the program.
func checkCommand(v cty.Value) error {
	words := []cty.Value{v}
	if v.Type() != cty.String {
		if !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType() {
			return fmt.Errorf(`%s is no command; write "nvidia-smi" or ["ssh", "gpu-host", "nvidia-smi"]`, block.Noun(v.Type()))
		}
		words = v.AsValueSlice()
	}
	if len(words) == 0 {
		return block.NotEmpty(v)
	}
	for i, word := range words {
		if word.IsNull() || word.Type() != cty.String {
			return fmt.Errorf("word %d of the command is %s; want a string", i+1, block.Noun(word.Type()))
		}
		if i == 0 && strings.TrimSpace(word.AsString()) == "" {
			return block.NotEmpty(word)
		}
	}
	return nil
}

// commandSchema is what a command looks like in JSON.
func commandSchema() map[string]any {
	word := map[string]any{"type": "string"}
	return map[string]any{"title": "string, or list of string", "anyOf": []any{word, map[string]any{"type": "array", "items": word, "minItems": 1}}}
}

func defaults() options {
	return options{
		Source: sourceAuto, Command: command{"nvidia-smi"},
		Period: stage.Duration(100 * time.Millisecond), Pad: stage.Duration(2 * time.Second),
	}
}

// Body describes the arguments of the stage "fetch-power" block of a suite.
func (*Kind) Body() block.Body {
	d := defaults()
	return block.Body{
		Doc: "Fetches the power readings of each cell.",
		Args: []block.Arg{
			{
				Name: "source", Type: cty.String, Default: cty.StringVal(d.Source), OneOf: []string{sourceAuto, sourceSimulator, sourceSMI, sourceCSV, sourceNone},
				Doc: "Where readings come from; auto takes what the endpoint offers.",
			},
			{
				Name: "required", Type: cty.Bool, Default: cty.BoolVal(d.Required),
				Provenance: true, Doc: "Fail the cell where its power is not valid, instead of leaving its power columns empty.",
			},
			{
				Name: "period", Type: cty.String, Format: block.Duration, Default: cty.StringVal(time.Duration(d.Period).String()), Bounds: block.AboveZero(),
				Doc: "Time between two readings of nvidia-smi.",
			},
			{
				Name: "pad", Type: cty.String, Format: block.Duration, Default: cty.StringVal(time.Duration(d.Pad).String()),
				Doc: "How long before and after a load the GPUs are read while idle; above 1.2 s the padded estimator can be used. Stage \"load\" keeps them idle before: its quiet must be longer.",
			},
			{
				Name: "path", Type: cty.String, Default: cty.StringVal(""),
				Doc: "Source csv: the log, or a folder of logs power_log_{n}gpu_{YYYYMMDD_HHMMSS}.csv, times in UTC.",
			},
			{
				Name: "command", Type: cty.DynamicPseudoType, Schema: commandSchema, Default: cty.StringVal(d.Command.String()), Check: checkCommand,
				Provenance: true, Doc: "Source nvidia-smi: the program, found in PATH where it has no slash, or a list that begins with one and has what comes before the " +
					"query: [\"ssh\", \"gpu-host\", \"nvidia-smi\"]. It finds the endpoint's URL in INFERENCEX_ENDPOINT, so that [\"inferencex\", \"simulate\", \"nvidia-smi\", \"--\"] " +
					"stands for the nvidia-smi of a simulated endpoint.",
			},
		},
	}
}
