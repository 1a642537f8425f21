package deploy

import (
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// ContextLimiter is the optional power to know how long a context a server will have before it is there. Of the servers of other providers it is
// known where the engine's args say it. Context is a function of its arguments, as Checker.Check is.
type ContextLimiter interface {
	// Context returns the tokens of input and output that one request may have together, or 0 where that cannot be told.
	Context(args cty.Value, d stage.Deployment) int
}

// Context returns the tokens of input and output that one request to a deployment may have together, or 0 where that cannot be told
// before the server is there.
func (k *Kind) Context(d stage.Planned) int {
	provider, args, problem := k.planned(d)
	if problem != nil {
		return 0 // Check reports it
	}
	if c, ok := provider.(ContextLimiter); ok {
		return c.Context(args, d.Deployment)
	}
	return contextOf(d.Engine)
}

// contextOf reads an engine's args. As with the engines themselves, the last one counts. A number that is written in another way, such as 8k, is
// not known here.
func contextOf(e stage.Engine) int {
	flag := map[string]string{"vllm": "--max-model-len", "sglang": "--context-length"}[e.Kind]
	if flag == "" {
		return 0
	}
	tokens := 0
	for i, arg := range e.Args {
		name, value, joined := strings.Cut(arg, "=")
		if strings.ReplaceAll(name, "_", "-") != flag {
			continue
		}
		if !joined && i+1 < len(e.Args) {
			value = e.Args[i+1]
		}
		tokens, _ = strconv.Atoi(value)
	}
	return max(0, tokens)
}
