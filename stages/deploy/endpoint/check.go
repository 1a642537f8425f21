package endpoint

import (
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

var _ deploy.Checker = Provider{}

// Check refuses what would have to be done to a server before it starts, and headers that are given twice.
func (Provider) Check(args cty.Value, d stage.Deployment) []stage.Problem {
	var problems []stage.Problem
	if moot := deploy.StartOptions(d.Engine); len(moot) > 0 {
		problems = append(problems, stage.Problem{
			Where: stage.InEngine, Summary: "Engine that is not started",
			Detail: fmt.Sprintf("Provider endpoint measures a server that is there already and starts none: remove %s from the engine.", strings.Join(moot, " and ")),
		})
	}
	plain := map[string]bool{}
	for name := range block.StringMap(args, "headers") {
		plain[textproto.CanonicalMIMEHeaderKey(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(block.StringMap(args, "header_env"))) {
		if plain[textproto.CanonicalMIMEHeaderKey(name)] {
			problems = append(problems, stage.Problem{
				Where: stage.InProvider, Summary: "Header given twice",
				Detail: fmt.Sprintf("%s stands in headers and in header_env: keep the one in header_env if its value is a secret, or else the other.", name),
			})
		}
	}
	return problems
}
