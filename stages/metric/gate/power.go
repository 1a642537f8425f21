package gate

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

const (
	// sensorError is how far beyond the board's idle power and limit a mean power is still believed.
	sensorError = 0.1
	// bestTokensPerKW is more output tokens/s/kW than anyone has published for an 8B model on any GPU: 14,200 on H100, as of April 2026. A smaller
	// model may reach it, so it is a remark for the reader to judge.
	bestTokensPerKW = 15000
)

func powerRules() []Rule {
	docs := map[energy.Code]string{
		energy.CodeMissing:  "no power readings",
		energy.CodeDevices:  "readings of other devices than the cell has",
		energy.CodeWindow:   "the readings do not reach both ends of the load",
		energy.CodeGap:      "more than max(3 s, 3 × period) without a reading",
		energy.CodeCoverage: "less than 90 % of the load lies between neighbouring readings",
		energy.CodeClock:    "sampler and client clocks agree to no better than 0.4 s, and no idle pads absorb it; or the sampler's went back as far",
		energy.CodeCounter:  "an energy counter went back",
	}
	var rules []Rule
	for _, code := range energy.Codes() {
		rules = append(rules, Rule{string(code), Note, docs[code] + ": the power columns are null", hasCode(code)})
	}
	return append(rules,
		Rule{"power_implausible", Note, "the mean power of a GPU under load is 10 % below its idle power or 10 % above its limit", implausible},
		Rule{"efficiency_implausible", Note, "more than 15,000 output tokens/s/kW, above all that is published for an 8B model", tooEfficient},
	)
}

func hasCode(code energy.Code) func(*metric.Sample, Facts) (string, bool) {
	return func(s *metric.Sample, _ Facts) (string, bool) {
		if s.Data.Energy == nil {
			return "no power was read", code == energy.CodeMissing
		}
		i := slices.IndexFunc(s.Data.Energy.Reasons, func(r energy.Reason) bool { return r.Code == code })
		if i < 0 {
			return "", false
		}
		return s.Data.Energy.Reasons[i].Detail, true
	}
}

func implausible(s *metric.Sample, _ Facts) (string, bool) {
	watts, ok := value(s, "power_w_mean")
	idle, limit := s.GPU.IdleWatts, s.GPU.TDPWatts
	switch {
	case ok && watts < (1-sensorError)*idle:
		return fmt.Sprintf("%.0f W a GPU under load, it draws %.0f W when idle", watts, idle), true
	case ok && limit > 0 && watts > (1+sensorError)*limit:
		return fmt.Sprintf("%.0f W a GPU, its limit is %.0f W", watts, limit), true
	default:
		return "", false
	}
}

func tooEfficient(s *metric.Sample, _ Facts) (string, bool) {
	rate, ok := value(s, "tok_s_per_kw")
	return fmt.Sprintf("%.0f tokens/s/kW, the best published for an 8B model is 14,200", rate), ok && rate > bestTokensPerKW
}
