package power

import (
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
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
	Command  string         `json:"command"`
}

func defaults() options {
	return options{
		Source: sourceAuto, Command: "nvidia-smi",
		Period: stage.Duration(100 * time.Millisecond), Pad: stage.Duration(2 * time.Second),
	}
}

// Body describes the arguments of the stage "fetch-power" block of a suite.
func Body() block.Body {
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
				Name: "command", Type: cty.String, Default: cty.StringVal(d.Command), Check: block.NotEmpty,
				Provenance: true, Doc: "Source nvidia-smi: the program, found in PATH where it has no slash.",
			},
		},
	}
}
