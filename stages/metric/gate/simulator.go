package gate

import (
	"fmt"

	"github.com/strangeloopio/inferencex/stages/metric"
)

// maxLagOfGap is the share of the gap between tokens by which half of the chunks may be off. A machine that is busy with something else for a
// while disturbs a few chunks by a lot, one that cannot carry the speed all of them by a little.
const maxLagOfGap = 0.25

// A simulated server has a model's times, as far as its machine can write when it should. The yardstick is the gap between a request's tokens.
func simulatorRules() []Rule {
	return []Rule{
		{"simulator_late", Invalid, "a simulated server wrote half of its chunks off their times by more than a quarter of the gap between tokens: this machine cannot carry the speed", simulatorLate},
		{"simulator_uneven", Note, "a simulated server wrote one chunk in a hundred off its time by more than the gap between tokens: percentiles, and means of few requests, are this machine's", simulatorUneven},
	}
}

func simulatorLate(s *metric.Sample, facts Facts) (string, bool) {
	gap, ok := value(s, "tpot_mean_s")
	return lagDetail(facts, gap) + ": lower the speed", ok && facts.ServerLag.P50Seconds > maxLagOfGap*gap
}

func simulatorUneven(s *metric.Sample, facts Facts) (string, bool) {
	gap, ok := value(s, "tpot_mean_s")
	_, late := simulatorLate(s, facts)
	return lagDetail(facts, gap), ok && facts.ServerLag.P99Seconds > gap && !late
}

func lagDetail(facts Facts, gap float64) string {
	lag := facts.ServerLag
	return fmt.Sprintf("at speed %g chunks were written %.1f ms off their times on average, %.1f ms at p50 and %.1f ms at p99, and tokens are %.1f ms apart",
		facts.speed(), 1e3*lag.MeanSeconds, 1e3*lag.P50Seconds, 1e3*lag.P99Seconds, 1e3*gap)
}
