package chart

import (
	"fmt"
	"strings"

	"github.com/go-echarts/go-echarts/v2/opts"
	"github.com/go-echarts/go-echarts/v2/types"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// tip is what the page shows under the pointer.
func tip(text string) *opts.Tooltip {
	return &opts.Tooltip{Formatter: types.FuncStr(plain(text))}
}

// plain makes text safe as a formatter, where braces are template variables or
// rich text: they become parentheses.
func plain(text string) string {
	return strings.NewReplacer("{", "(", "}", ")").Replace(text)
}

// tipText names a cell and states facts about it.
func tipText(c Cell, facts ...string) string {
	lines := append([]string{c.Name, subject(c)}, facts...)
	for _, state := range []string{c.Status, c.Validity} {
		if state != "" && state != "ok" {
			lines = append(lines, state)
		}
	}
	return strings.Join(lines, "\n")
}

// trialFacts states a value and, over several trials, its range.
func trialFacts(p panel, v Value) []string {
	facts := []string{p.name + ": " + result.Number(v.Mean) + " " + p.unit}
	if v.Trials > 1 {
		facts = append(facts, fmt.Sprintf("%d trials: %s to %s", v.Trials, result.Number(v.Low), result.Number(v.High)))
	}
	return facts
}
