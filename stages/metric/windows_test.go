package metric_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// randomLoad is a load whose requests begin and end anywhere, many at the same times, and come to every end that there is.
func randomLoad(rng *rand.Rand) (users int, data metric.Data) {
	statuses := []string{"ok", "ok", "ok", "ok", "http_error", "timeout", "truncated", "stream_error", "empty", "dropped", "unfinished", "cancelled"}
	users, requests := 1+rng.IntN(6), rng.IntN(60)
	if rng.IntN(4) == 0 { // so many that the steady window forgives one of them
		users, requests = 20+rng.IntN(20), 300+rng.IntN(300)
	}
	step := int64(1 + rng.IntN(3))
	for i := range int64(requests) {
		send := step * rng.Int64N(200)
		r := table.Request{Index: i, Status: statuses[rng.IntN(len(statuses))], TSched: send, TSend: send, TDone: send + step*rng.Int64N(40), Chunks: 1}
		if r.Status == "ok" || rng.IntN(2) == 0 {
			first := r.TSend + rng.Int64N(r.TDone-r.TSend+1)
			last := first + rng.Int64N(r.TDone-first+1)
			r.TFirstToken, r.TLastToken = &first, &last
			r.ISL, r.OSL = tokens(int32(rng.IntN(50))), tokens(int32(1+rng.IntN(9)))
			data.Chunks = append(data.Chunks, metric.Chunk{Request: i, TNS: first, Tokens: *r.OSL})
		}
		data.Requests = append(data.Requests, r)
	}
	return users, data
}

// naive computes what the metrics of windows are by their definitions alone, moment by moment: times are whole nanoseconds.
type naive struct {
	users int
	data  metric.Data
}

func (n naive) inFlight(t int64) int {
	count := 0
	for _, r := range n.data.Requests {
		if r.Status != "dropped" && r.TSend <= t && t < r.TDone {
			count++
		}
	}
	return count
}

// whole is the window from the first send of any request to the last token of an ok one.
func (n naive) whole() (from, to int64) {
	from, to = math.MaxInt64, math.MinInt64
	for _, r := range n.data.Requests {
		if r.Status != "dropped" {
			from = min(from, r.TSend)
		}
		if r.Status == "ok" {
			to = max(to, *r.TLastToken)
		}
	}
	return from, to
}

// steady is the longest time with 95 % of the users in flight, dips of up to 5 % of a mean request apart; the first of several.
func (n naive) steady(until int64) (from, to int64) {
	var sum, ok float64
	for _, r := range n.data.Requests {
		if r.Status == "ok" {
			ok++
			sum += float64(*r.TLastToken - r.TSend)
		}
	}
	if ok == 0 {
		return 0, 0
	}
	dip := int64(0.05 * (sum / ok))
	begun, last := int64(-1), int64(-1)
	for t := range until {
		if float64(n.inFlight(t)) < 0.95*float64(n.users) {
			continue
		}
		if begun < 0 || t-last > dip {
			begun = t
		}
		last = t + 1
		if last-begun > to-from {
			from, to = begun, last
		}
	}
	return from, to
}

func (n naive) metrics() map[string]float64 {
	values := map[string]float64{}
	from, to := n.whole()
	var outputs, inputs, oks float64
	for _, r := range n.data.Requests {
		if r.Status == "ok" {
			oks, outputs, inputs = oks+1, outputs+float64(*r.OSL), inputs+float64(*r.ISL)
		}
	}
	rate := func(name string, count float64, over int64) {
		if count > 0 {
			values[name] = count / (float64(over) / 1e9)
		}
	}
	if to > from {
		busy := 0
		for t := from; t < to; t++ {
			busy += n.inFlight(t)
		}
		values["window_s"] = float64(to-from) / 1e9
		values["achieved_concurrency"] = float64(busy) / float64(to-from)
		rate("output_tps", outputs, to-from)
		rate("input_tps", inputs, to-from)
		rate("rps", oks, to-from)
	}
	if from, to := n.steady(1000); to > from {
		values["steady_window_s"] = float64(to-from) / 1e9
		inside := func(t int64) bool { return from < t && t <= to }
		var done, output, input float64
		for i, r := range n.data.Requests {
			if r.Status == "ok" && inside(r.TDone) {
				done++
			}
			if r.Status == "ok" && inside(*r.TFirstToken) {
				input += float64(*r.ISL)
			}
			for _, c := range n.data.Chunks {
				if c.Request == int64(i) && slices.Contains([]string{"ok", "unfinished", "cancelled"}, r.Status) && inside(c.TNS) {
					output += float64(c.Tokens)
				}
			}
		}
		values["steady_rps"], values["steady_input_tps"] = done/(float64(to-from)/1e9), input/(float64(to-from)/1e9)
		if len(n.data.Chunks) > 0 {
			values["steady_output_tps"] = output / (float64(to-from) / 1e9)
		}
	}
	return values
}

// TestWindowsAgainstTheirDefinitions computes the windows, what passed in them and the mean in flight of many loads twice.
func TestWindowsAgainstTheirDefinitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	seen := map[string]int{}
	for i := range 400 {
		users, data := randomLoad(rng)
		data.Requests = slices.Clip(data.Requests)
		want := naive{users, data}.metrics()
		s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, Users: users}}, stage.GPU{}, data)
		got := map[string]float64{}
		for _, name := range []string{
			"window_s", "achieved_concurrency", "output_tps", "input_tps", "rps", "steady_window_s", "steady_rps", "steady_input_tps", "steady_output_tps",
		} {
			def, _ := metric.Find(name)
			if v, ok := def.Compute(s); ok {
				got[name] = v
				seen[name]++
			}
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(a) })); diff != "" {
			t.Fatalf("load %d of %d users and %d requests (-definition +computed):\n%s", i, users, len(data.Requests), diff)
		}
		at := rng.Int64N(700)
		if n := s.InFlightAt(at); n[0] != (naive{users, data}).inFlight(at) {
			t.Fatalf("load %d: %d in flight at %d, want %d", i, n[0], at, naive{users, data}.inFlight(at))
		}
	}
	for name, n := range seen {
		if n < 100 {
			t.Errorf("only %d loads have a %s: they are too much alike", n, name)
		}
	}
}
