package gate

import (
	"fmt"

	"github.com/strangeloopio/inferencex/stages/metric"
)

// A percentile needs enough rows beyond it to be one: below these numbers it is little more than the maximum.
const (
	minForP90 = 64
	minForP99 = 662
	fewWaves  = 4 // × users
)

func sizeRules() []Rule {
	small := func(percentile string, least int) func(*metric.Sample, Facts) (string, bool) {
		return func(s *metric.Sample, _ Facts) (string, bool) {
			n := len(s.OK())
			return fmt.Sprintf("%s rests on %d requests, fewer than %d", percentile, n, least), n > 0 && n < least
		}
	}
	return []Rule{
		{"few_waves", Note, "fewer than 4 requests a user: the first and the last wave weigh on the rates", waves},
		{"p90_small_n", Note, "p90 over fewer than 64 requests", small("p90", minForP90)},
		{"p99_small_n", Note, "p99 over fewer than 662 requests", small("p99", minForP99)},
	}
}

func waves(s *metric.Sample, _ Facts) (string, bool) {
	attempted, _ := value(s, "requests_attempted")
	users := s.Users()
	return fmt.Sprintf("%.0f requests for %d users", attempted, users), attempted >= float64(users) && attempted < float64(fewWaves*users)
}
