package report

import (
	"strconv"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// stats is what has metrics over trials: a point, or a phase of one.
type stats interface {
	Stat(metric string) (result.Stat, bool)
}

// shown prints a metric; a dash where there is none.
func shown(of stats, metric string, print func(result.Stat) string) string {
	s, ok := of.Stat(metric)
	if !ok {
		return missing
	}
	return print(s)
}

// sum is a count over all trials.
func sum(s result.Stat) string { return result.Group(strconv.Itoa(s.Total())) }

// count is a count, rounded where trials differ.
func count(s result.Stat) string { return result.Group(strconv.FormatFloat(s.Mean, 'f', 0, 64)) }

func plain(s result.Stat) string { return result.Number(s.Mean) }

func percent(s result.Stat) string { return result.Quantity(s.Mean, "fraction") }

// seconds prints a time with three digits that count, in milliseconds below a second.
func seconds(s result.Stat) string {
	if s.Mean < 1 {
		return result.Number(1000*s.Mean) + "ms"
	}
	return result.Number(s.Mean) + "s"
}
