package gate

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// The thresholds beyond which the client, not the server, is what was measured. Times are of this machine's clock: a simulated server's seconds,
// in which its rows are told, are shorter.
const (
	maxLagSeconds = 0.005 // requests that left later than this,
	maxLagOfTTFT  = 0.10  // and than this share of the median ttft, were held up where the server is not to blame
	maxCPU        = 0.90  // of the processors it may use: beyond it, chunks wait for the client
	maxGC         = 0.01  // of the time, stopped by the collector
	minLagSamples = 100   // from which on a p99 is one
)

func clientRules() []Rule {
	return []Rule{
		{"client_limited", Invalid, "the client was what limited the load: its requests left late (p99 over 5 ms and over 10 % of the median ttft), what came waited to be " +
			"read (p99 over 5 ms, and over 10 % of the median ttft or the mean gap between tokens), it used over 90 % of its processors, it was stopped to collect garbage for over 1 % of the " +
			"time, it read single tokens in bunches (median gap under 0.5 ms and under 10 % of the mean), or more chunks came than calibrate found that this machine keeps up with", clientLimited},
	}
}

// clientLimited gives the first sign that the client was too slow, with its figure.
func clientLimited(s *metric.Sample, facts Facts) (string, bool) {
	for _, sign := range []func(*metric.Sample, Facts) (string, bool){sendsLate, readsLate, outOfCPU, collects, readsInBunches, overCeiling} {
		if detail, found := sign(s, facts); found {
			return detail, true
		}
	}
	return "", false
}

// sendsLate looks at how long after they were due requests left. A simulated server takes its share of this machine
// from the client in bursts, which delay a few requests of each crowd: there the median counts.
func sendsLate(s *metric.Sample, facts Facts) (string, bool) {
	name, p := "p99", 0.99
	if facts.simulated() {
		name, p = "p50", 0.50
	}
	var lags []float64
	for _, r := range s.Data.Requests {
		if r.Status != "dropped" {
			lags = append(lags, float64(r.TSend-r.TSched)/1e9/facts.speed())
		}
	}
	slices.Sort(lags)
	lag, _ := quantile.Linear(lags, p)
	ttft, ok := value(s, "ttft_p50_s")
	ttft /= facts.speed()
	return fmt.Sprintf("requests left %.1f ms late (%s), the median ttft is %.1f ms", 1e3*lag, name, 1e3*ttft),
		ok && lag > max(maxLagSeconds, maxLagOfTTFT*ttft)
}

// readsLate looks at how long bytes waited to be read, as the kernel says of a sample, or else at how late a timer of the client fired: what is late by a
// tenth of the time to the first token, or by the time between two tokens, makes another number of it. Of a simulated server the median counts, as above.
func readsLate(s *metric.Sample, facts Facts) (string, bool) {
	what, lag := "what the server sent waited %.1f ms to be read (%s)", facts.Client.ReadLag
	if lag.Samples == 0 {
		what, lag = "what was due in the client was %.1f ms late (%s)", facts.Client.TickLag
	}
	name, late := "p99", lag.P99
	if facts.simulated() {
		name, late = "p50", lag.P50
	}
	ttft, ok := value(s, "ttft_p50_s")
	ttft /= facts.speed()
	limit := maxLagOfTTFT * ttft
	detail := fmt.Sprintf(what+", the median ttft is %.1f ms", 1e3*late, name, 1e3*ttft)
	if gap, streamed := value(s, "icl_mean_s"); streamed {
		gap /= facts.speed()
		limit = min(limit, gap)
		detail += fmt.Sprintf(" and tokens are %.1f ms apart", 1e3*gap)
	}
	return detail, ok && lag.Samples >= minLagSamples && late > max(maxLagSeconds, limit)
}

// collects looks at the garbage collector, which stops everything that the client does.
func collects(_ *metric.Sample, facts Facts) (string, bool) {
	c := facts.Client
	if facts.simulated() || c.WallSeconds <= 0 {
		return "", false
	}
	share := c.GCPauseSeconds / c.WallSeconds
	return fmt.Sprintf("the client's garbage collector stopped it for %.1f %% of the time, once for %.1f ms", 100*share, 1e3*c.GCPauseMaxSeconds), share > maxGC
}

// overCeiling holds the rate of chunks against the most that this machine was found to keep up with when it was calibrated.
func overCeiling(s *metric.Sample, facts Facts) (string, bool) {
	ceiling := facts.Client.Ceiling
	window, ok := value(s, "window_s")
	if facts.simulated() || ceiling == nil || !ceiling.Measured() || ceiling.AtLeast || !ok || window <= 0 {
		return "", false
	}
	rate := float64(len(s.Data.Chunks)) / window
	return fmt.Sprintf("%.0f chunks came in a second, this machine was found to keep up with %.0f (inferencex calibrate, %s)",
		rate, ceiling.ChunksPerSecond, ceiling.MeasuredAt.UTC().Format("2006-01-02")), rate > ceiling.ChunksPerSecond
}

// outOfCPU looks at the processor time of the client's process. That of a simulated endpoint may be the server's, too.
func outOfCPU(_ *metric.Sample, facts Facts) (string, bool) {
	c := facts.Client
	if facts.simulated() || c.WallSeconds <= 0 || c.MaxProcs < 1 {
		return "", false
	}
	share := c.CPUSeconds / (c.WallSeconds * float64(c.MaxProcs))
	return fmt.Sprintf("the client used %.0f %% of its %d processors", 100*share, c.MaxProcs), share > maxCPU
}

// readsInBunches finds tokens that came in bunches because they waited here to be read; of others
// notStreamed tells.
func readsInBunches(s *metric.Sample, facts Facts) (string, bool) {
	median, mean, found := bunched(s, facts)
	detail := fmt.Sprintf("the median gap between tokens is %.3f ms, the mean %.1f ms: they were read in bunches",
		1e3*median, 1e3*mean)
	return detail, found && readLate(facts, mean)
}

func (f Facts) simulated() bool { return f.Endpoint != nil && f.Endpoint.Simulated }

// speed is how many of the rows' seconds pass in one of this machine's.
func (f Facts) speed() float64 {
	if f.Endpoint == nil || f.Endpoint.Clock.Speed == 0 {
		return 1
	}
	return f.Endpoint.Clock.Speed
}
