package gate

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

// tooHot is how far above the board's limit a mean power is still believed: sensors are off by a few percent.
const tooHot = 1.1

func powerRules() []Rule {
	docs := map[energy.Code]string{
		energy.CodeMissing:  "no power readings",
		energy.CodeDevices:  "readings of other devices than the cell has",
		energy.CodeWindow:   "the readings do not reach both ends of the load",
		energy.CodeGap:      "more than max(3 s, 3 × period) without a reading",
		energy.CodeCoverage: "less than 90 % of the load lies between neighbouring readings",
		energy.CodeClock:    "sampler and client clocks agree to no better than 0.4 s, and no idle pads absorb it",
		energy.CodeCounter:  "an energy counter went back",
	}
	rules := []Rule{{"power_failed", Invalid, "the suite requires power and there is none, or its step failed", powerFailed}}
	for _, code := range energy.Codes() {
		rules = append(rules, Rule{string(code), Note, docs[code] + ": the power columns are null", hasCode(code)})
	}
	return append(rules, Rule{
		"power_implausible", Note, "the mean power of a GPU under load is below its idle power or 10 % above its limit", implausible,
	})
}

func powerFailed(_ *metric.Sample, facts Facts) (string, bool) {
	return "fetch-power: " + facts.PowerFailure, facts.PowerFailure != ""
}

func hasCode(code energy.Code) func(*metric.Sample, Facts) (string, bool) {
	return func(s *metric.Sample, facts Facts) (string, bool) {
		if s.Data.Energy == nil {
			return "no power was read", code == energy.CodeMissing && facts.PowerFailure == ""
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
	return fmt.Sprintf("%.0f W a GPU, idle is %.0f W and the limit %.0f W", watts, idle, limit),
		ok && ((idle > 0 && watts < idle) || (limit > 0 && watts > tooHot*limit))
}
