package load

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// defaultQuiet has a GPU fall back to its idle power, which takes some seconds, and its 1-s average tell of nothing else for the 2 s that
// readings go back before a load.
const defaultQuiet = 8 * time.Second

// options are the arguments of the suite's block of this stage that are not traffic's.
type options struct {
	Quiet stage.Duration `json:"quiet"`
}

// Body says the arguments of the suite's block of this stage.
func (*Kind) Body() block.Body {
	body := traffic.Body()
	body.Args = append(body.Args, block.Arg{
		Name: "quiet", Type: cty.String, Format: block.Duration, Default: cty.StringVal(defaultQuiet.String()),
		Doc: "Where nvidia-smi reads the power: how long the GPUs are left idle before the first request, so that it is known what they draw without any. Longer than the pad of stage \"fetch-power\".",
	})
	return body
}

func decodeOptions(raw json.RawMessage) (options, error) {
	opts := options{Quiet: stage.Duration(defaultQuiet)}
	if len(raw) == 0 {
		return opts, nil
	}
	if err := json.Unmarshal(raw, &opts); err != nil {
		return opts, fmt.Errorf("read the stage's arguments: %w", err)
	}
	return opts, nil
}

// quietAt is the quiet that the endpoint's source of power needs. A simulated endpoint counts its energy, so nobody has to wait.
func (o options) quietAt(endpoint stage.Endpoint) time.Duration {
	if endpoint.Power.Kind != "nvidia-smi" {
		return 0
	}
	return time.Duration(o.Quiet)
}
