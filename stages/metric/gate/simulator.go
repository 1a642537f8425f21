package gate

import (
	"fmt"

	"github.com/strangeloopio/inferencex/stages/metric"
)

// maxLagOfSimulatedTTFT is the share of the mean ttft below which a lag is small beside what is measured, however close the tokens are.
const maxLagOfSimulatedTTFT = 0.10

// A simulated server has a model's times, as far as its machine can write when it should. The yardstick is the gap between a request's tokens.
func simulatorRules() []Rule {
	return []Rule{
		{"simulator_late", Invalid, "a simulated server wrote its chunks off their times, on average, by more than the gap between tokens and more than 10 % of the mean ttft: " +
			"this machine cannot carry the speed", simulatorLate},
		{"simulator_uneven", Note, "a simulated server wrote one chunk in a hundred off its time by more than the gap between tokens: percentiles are this machine's", simulatorUneven},
	}
}

func simulatorLate(s *metric.Sample, facts Facts) (string, bool) {
	gap, ok := value(s, "tpot_mean_s")
	ttft, _ := value(s, "ttft_mean_s")
	return fmt.Sprintf("%s, with a mean ttft of %.1f ms: lower the speed", lagDetail(facts, gap), 1e3*ttft),
		ok && facts.ServerLag.MeanSeconds > max(gap, maxLagOfSimulatedTTFT*ttft)
}

func simulatorUneven(s *metric.Sample, facts Facts) (string, bool) {
	gap, ok := value(s, "tpot_mean_s")
	_, late := simulatorLate(s, facts)
	return lagDetail(facts, gap), ok && facts.ServerLag.P99Seconds > gap && !late
}

func lagDetail(facts Facts, gap float64) string {
	return fmt.Sprintf("at speed %g chunks were written %.1f ms off their times on average, %.1f ms at p99, and tokens are %.1f ms apart",
		facts.speed(), 1e3*facts.ServerLag.MeanSeconds, 1e3*facts.ServerLag.P99Seconds, 1e3*gap)
}
