package simulator

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// The names of vLLM's arguments that the simulator honours.
const (
	flagNumSeqs        = "--max-num-seqs"
	flagBatchedTokens  = "--max-num-batched-tokens"
	flagModelLen       = "--max-model-len"
	flagStreamInterval = "--stream-interval"
	flagMemory         = "--gpu-memory-utilization"
	flagBlocks         = "--num-gpu-blocks-override"
	flagPrefix         = "--enable-prefix-caching"
	flagNoPrefix       = "--no-enable-prefix-caching"
	flagEager          = "--enforce-eager"
)

// Argument is one of vLLM's arguments that the simulator honours.
type Argument struct {
	Name  string // with its dashes
	Value string // what stands behind it; empty: nothing
	Doc   string // what it sets, and what holds without it
}

// Arguments returns those that the simulator honours. Any other is refused: two engines that differ in it would measure the same thing under
// two labels.
func Arguments() []Argument {
	return []Argument{
		{flagNumSeqs, "number", "sequences in one step (default 256, or 1024 on large GPUs)"},
		{flagBatchedTokens, "number", "tokens in one step; a longer prompt is prefilled in chunks (default 2048, or 8192 on large GPUs)"},
		{flagModelLen, "tokens", "longest prompt and answer together (default: the model's, or what the KV cache has room for)"},
		{flagStreamInterval, "tokens", "tokens in a chunk after the first (default 1)"},
		{flagMemory, "share", fmt.Sprintf("part of each GPU's memory that is used, which leaves the KV cache more or less (default %v)", hardware.DefaultMemoryUtilisation)},
		{flagBlocks, "number", fmt.Sprintf("blocks of the KV cache, of %d tokens each (default: what the memory has room for)", engine.BlockTokens)},
		{flagPrefix, "", "keep prompts' common beginnings (default: as the profile says)"},
		{flagNoPrefix, "", "keep none"},
	}
}

// Honour puts vLLM's arguments into the configuration and returns what is wrong with those that it cannot honour, a sentence each without its
// full stop. As with vLLM, a value stands behind its argument or behind an equals sign, and the last one counts.
func (c *Config) Honour(args []string) (wrong []string) {
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		name = strings.ReplaceAll(name, "_", "-")
		args = args[1:]
		if set := c.setting(name); set != nil {
			if !joined && len(args) > 0 {
				value, args = args[0], args[1:]
			}
			if want, ok := set(value); !ok {
				wrong = append(wrong, fmt.Sprintf("%s wants %s, not %q", name, want, value))
			}
			continue
		}
		switch on := name == flagPrefix; {
		case (on || name == flagNoPrefix) && !joined:
			c.PrefixCache = &on
		case name == flagEager:
			wrong = append(wrong, flagEager+` belongs to what surrounds the GPUs: the provider's profile = "modal-eager" simulates it`)
		case strings.HasPrefix(name, "-"):
			wrong = append(wrong, fmt.Sprintf("%s has no effect on the simulator, which honours %s", name, strings.Join(honoured(), ", ")))
			for len(args) > 0 && !joined && !strings.HasPrefix(args[0], "-") { // its values
				args = args[1:]
			}
		default:
			wrong = append(wrong, fmt.Sprintf("%q is no argument: one begins with --", name))
		}
	}
	return wrong
}

// setting takes the value of an argument that has one, or says what the argument wants; nil if it has none.
func (c *Config) setting(name string) func(value string) (want string, ok bool) {
	whole := func(setting *int, unit int) func(string) (string, bool) {
		return func(value string) (string, bool) {
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return "a whole number above zero", false
			}
			*setting = n * unit
			return "", true
		}
	}
	switch name {
	case flagNumSeqs:
		return whole(&c.MaxNumSeqs, 1)
	case flagBatchedTokens:
		return whole(&c.MaxNumBatchedTokens, 1)
	case flagModelLen:
		return whole(&c.MaxModelLen, 1)
	case flagStreamInterval:
		return whole(&c.StreamInterval, 1)
	case flagBlocks:
		return whole(&c.KVCapacityTokens, engine.BlockTokens)
	case flagMemory:
		return func(value string) (string, bool) {
			share, err := strconv.ParseFloat(value, 64)
			if err != nil || !(share > 0 && share <= 1) {
				return "a number above 0 and at most 1", false
			}
			c.MemoryUtilisation = share
			return "", true
		}
	}
	return nil
}

func honoured() []string {
	var names []string
	for _, a := range Arguments() {
		names = append(names, a.Name)
	}
	return names
}
