package gate

import (
	"fmt"

	"github.com/strangeloopio/inferencex/stages/metric"
)

// A simulated server has a model's times, as far as its machine can write when it should. The yardstick is the gap between a request's tokens.
func simulatorRules() []Rule {
	return []Rule{
		{"simulator_late", Invalid, "a simulated server wrote its chunks off their times by more than the gap between tokens, on average: this machine cannot carry the speed", simulatorLate},
		{"simulator_uneven", Note, "a simulated server wrote one chunk in a hundred off its time by more than the gap between tokens: percentiles are this machine's, means are not", simulatorUneven},
	}
}

func simulatorLate(s *metric.Sample, facts Facts) (string, bool) {
	gap, ok := value(s, "tpot_mean_s")
	return lagDetail(facts, gap), ok && facts.ServerLag.MeanSeconds > gap
}

func simulatorUneven(s *metric.Sample, facts Facts) (string, bool) {
	gap, ok := value(s, "tpot_mean_s")
	return lagDetail(facts, gap), ok && facts.ServerLag.P99Seconds > gap && facts.ServerLag.MeanSeconds <= gap
}

func lagDetail(facts Facts, gap float64) string {
	return fmt.Sprintf("at speed %g chunks were written %.1f ms off their times on average, %.1f ms at p99, and tokens are %.1f ms apart: lower the speed",
		facts.speed(), 1e3*facts.ServerLag.MeanSeconds, 1e3*facts.ServerLag.P99Seconds, 1e3*gap)
}
