package metric_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

func ns(seconds float64) int64  { return int64(math.Round(seconds * 1e9)) }
func at(seconds float64) *int64 { n := ns(seconds); return &n }
func tokens(n int32) *int32     { return &n }
func number(v float64) *float64 { return &v }
func chunk(request int64, seq int32, t float64, n int32) metric.Chunk {
	return metric.Chunk{Request: request, Seq: seq, TNS: ns(t), Tokens: n}
}

// byHand is a load of two users on two GPUs whose every number can be checked with a pencil:
//
//	0 s  0.5  1    1.5  2    2.5  3    3.5  4    4.5
//	r0 ──────▶first──────────────▶last                   10 → 5 tokens
//	     r1 ─▶first─────────▶last                        20 → 4 tokens, half a second late
//	                         r2 ───────▶first────▶last   30 → 2 tokens
//	                              r3 ────────✗            an HTTP error
//	                                        r4 ───…       cut by the end of the load
func byHand() *metric.Sample {
	data := metric.Data{
		Requests: []table.Request{
			{
				Index: 0, Status: "ok", TSched: 0, TSend: 0, TFirstToken: at(1), TFirstAnswer: at(1.5), TLastToken: at(3), TDone: ns(3),
				ISL: tokens(10), OSL: tokens(5), CachedTokens: tokens(5), Chunks: 5, NewConnection: true,
			},
			{
				Index: 1, Status: "ok", TSched: 0, TSend: ns(0.5), TFirstToken: at(1), TLastToken: at(2.5), TDone: ns(2.5),
				ISL: tokens(20), OSL: tokens(4), Chunks: 3, NewConnection: true, StaleRetries: 1,
			},
			{
				Index: 2, Status: "ok", TSched: ns(2.5), TSend: ns(2.5), TFirstToken: at(3.5), TFirstAnswer: at(3.5), TLastToken: at(4.5), TDone: ns(4.5),
				ISL: tokens(30), OSL: tokens(2), CachedTokens: tokens(0), Chunks: 2,
			},
			{Index: 3, Status: "http_error", TSched: ns(3), TSend: ns(3), TDone: ns(4)},
			{Index: 4, Status: "unfinished", TSched: ns(4), TSend: ns(4), TFirstToken: at(4.2), TLastToken: at(4.2), TDone: ns(4.5), Chunks: 1},
		},
		Chunks: []metric.Chunk{ // interleaved, as they are written
			chunk(0, 0, 1, 0), chunk(1, 0, 1, 0), chunk(0, 1, 1.5, 0), chunk(1, 1, 1.5, 0), chunk(0, 2, 2, 0), chunk(1, 2, 2.5, 0),
			chunk(0, 3, 2.5, 0), chunk(0, 4, 3, 0), chunk(2, 0, 3.5, 1), chunk(4, 0, 4.2, 0), chunk(2, 1, 4.5, 1),
		},
		Server: []table.Server{
			{
				Phase: "before", TSend: -10, TDone: -5, InputTokens: number(10), OutputTokens: number(8), PrefixQueries: number(10), PrefixHits: number(0),
				Preemptions: number(0), Finished: number(1), TTFTSumSeconds: number(1), TTFTCount: number(1), QueueSumSeconds: number(0), QueueCount: number(1),
				TPOTSumSeconds: number(2), TPOTCount: number(7), Running: number(0),
			},
			{Phase: "during", TSend: ns(1), TDone: ns(1), Running: number(2), Waiting: number(0), KVUsage: number(0.25)},
			{Phase: "during", TSend: ns(3), TDone: ns(3), Running: number(1), Waiting: number(1), KVUsage: number(0.125)},
			{
				Phase: "after", TSend: ns(5), TDone: ns(5), InputTokens: number(100), OutputTokens: number(20), PrefixQueries: number(100), PrefixHits: number(5),
				Preemptions: number(1), Finished: number(5), TTFTSumSeconds: number(3.4), TTFTCount: number(5), QueueSumSeconds: number(0.4), QueueCount: number(5),
				TPOTSumSeconds: number(6), TPOTCount: number(15), Running: number(0),
			},
		},
		Energy: &energy.Result{Valid: true, Joules: number(900), MeanWatts: number(200), Devices: make([]energy.Device, 2)},
	}
	cell := stage.CellConfig{Labels: result.Labels{GPUs: 2, Users: 2}, SLO: map[string]float64{"ttft_p99": 0.9, "errors": 0.5}}
	return metric.NewSample(cell, stage.GPU{PricePerHourUSD: 3.6}, data)
}

func TestByHand(t *testing.T) {
	want := map[string]float64{
		"requests_ok": 3, "requests_failed": 1, "requests_attempted": 5, "requests_cut": 1, "error_fraction": 0.2,
		"window_s": 4.5, "input_tokens": 60, "output_tokens": 11,
		"server_requests": 4, "server_input_tokens": 90, "server_output_tokens": 12, "server_prefix_hit": 5.0 / 90, "server_preemptions": 1,
		"server_running_mean": 1.5, "server_running_max": 2, "server_queue_mean": 0.5, "server_queue_max": 1, "server_kv_usage_max": 0.25,
		"server_ttft_mean_s": 0.6, "server_queue_time_mean_s": 0.1, "server_tpot_mean_s": 0.5,
		"rps": 3 / 4.5, "output_tps": 11 / 4.5, "input_tps": 60 / 4.5, "total_tps": 71 / 4.5,
		"rps_per_gpu": 1.5 / 4.5, "output_tps_per_gpu": 5.5 / 4.5, "input_tps_per_gpu": 30 / 4.5, "total_tps_per_gpu": 35.5 / 4.5,
		"system_tps_per_user": 11 / 8.5, "achieved_concurrency": 8.5 / 4.5,
		"e2el_mean_s": 7.0 / 3, "e2el_p50_s": 2, "e2el_p90_s": 2.8, "e2el_p95_s": 2.9, "e2el_p99_s": 2.98,
		"ttft_mean_s": 2.5 / 3, "ttft_p50_s": 1, "ttft_p90_s": 1, "ttft_p95_s": 1, "ttft_p99_s": 1,
		"ttft_sched_mean_s": 1, "ttft_sched_p50_s": 1, "ttft_sched_p90_s": 1, "ttft_sched_p95_s": 1, "ttft_sched_p99_s": 1,
		"ttfa_mean_s": 1.25, "ttfa_p50_s": 1.25, "ttfa_p90_s": 1.45, "ttfa_p95_s": 1.475, "ttfa_p99_s": 1.495,
		"sched_lag_p99_s": 0.48,
		"tpot_mean_s":     2.0 / 3, "tpot_p50_s": 0.5, "tpot_p90_s": 0.9, "tpot_p95_s": 0.95, "tpot_p99_s": 0.99,
		"icl_mean_s": 4.5 / 7, "icl_p50_s": 0.5, "icl_p90_s": 1, "icl_p95_s": 1, "icl_p99_s": 1, "icl_max_s": 1,
		"ntpot_mean_s":  (0.6 + 0.5 + 1) / 3,
		"interactivity": 1.5, "interactivity_mean": 5.0 / 3, "interactivity_p50": 2, "interactivity_p99": 1 / 0.99,
		"isl_mean": 20, "osl_mean": 11.0 / 3,
		"prefix_hit":  5.0 / 40,
		"goodput_rps": 1 / 4.5, "good_fraction": 0.2,
		"steady_window_s": 4, "steady_rps": 0.75, "steady_output_tps": 12.1 / 4, "steady_output_tps_per_gpu": 12.1 / 8, "steady_input_tps": 15,
		"new_connections": 2, "stale_retries": 1,
		"power_w_mean": 100, "power_w_total": 200, "energy_j": 900, "j_per_output_token": 900.0 / 11, "j_per_request": 300,
		"tok_s_per_kw": 11000.0 / 900,
		"usd_per_mtok": 2 * 3.6 / (11 / 4.5 * 3600) * 1e6,
	}
	got := map[string]float64{}
	for _, d := range metric.All() {
		if v, ok := d.Compute(byHand()); ok {
			got[d.Name] = v
		}
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9*math.Max(1, math.Abs(a)) })); diff != "" {
		t.Errorf("byHand has other numbers (-want +got); work out that of a new metric with a pencil, from the picture above byHand, "+
			"and add it to want\n%s", diff)
	}
}

func TestWithoutDataMetricsAreMissing(t *testing.T) {
	counts := []string{"requests_ok", "requests_failed", "requests_attempted", "requests_cut", "new_connections", "stale_retries"}
	failures := []table.Request{{Status: "timeout", TDone: ns(9)}, {Index: 1, Status: "dropped"}}
	for name, requests := range map[string][]table.Request{"no rows": nil, "failures alone": failures} {
		s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, Users: 1}, SLO: map[string]float64{}}, stage.GPU{PricePerHourUSD: 1}, metric.Data{Requests: requests})
		for _, d := range metric.All() {
			v, ok := d.Compute(s)
			fromFailures := len(requests) > 0 && slices.Contains([]string{"error_fraction", "sched_lag_p99_s"}, d.Name)
			if wanted := slices.Contains(counts, d.Name) || fromFailures; ok != wanted {
				t.Errorf("%s: %s = %v, %v", name, d.Name, v, ok)
			}
		}
	}
}

func TestInvalidEnergyIsMissing(t *testing.T) {
	s := byHand()
	s.Data.Energy = &energy.Result{Reasons: []energy.Reason{{Code: energy.CodeGap}}}
	for _, d := range metric.All() {
		if v, ok := d.Compute(s); ok && d.Needs == metric.Power {
			t.Errorf("%s = %v without valid power", d.Name, v)
		}
	}
}

// Needs says exactly what a metric is missing without: METRICS.md prints it.
func TestNeeds(t *testing.T) {
	for need, take := range map[metric.Need]func(*metric.Sample){
		metric.Chunks: func(s *metric.Sample) { s.Data.Chunks = nil },
		metric.Power:  func(s *metric.Sample) { s.Data.Energy = nil },
		metric.Price:  func(s *metric.Sample) { s.GPU.PricePerHourUSD = 0 },
		metric.Server: func(s *metric.Sample) { s.Data.Server = nil },
	} {
		without := byHand()
		take(without)
		for _, d := range metric.All() {
			before, had := d.Compute(byHand())
			after, has := d.Compute(without)
			if d.Needs == need {
				had, before, after = false, 0, 0
			}
			if has != had || before != after {
				t.Errorf("%s needs %q, and without %s it is %v, %v", d.Name, d.Needs, need, after, has)
			}
		}
	}
}

// closedLoop is a load of users that send n requests in all, each turnaround seconds after the last; latencies are drawn from the seed.
func closedLoop(users, n int, turnaround float64, seed uint64) []table.Request {
	rng := rand.New(rand.NewPCG(seed, 1))
	free := make([]float64, users)
	rows := make([]table.Request, n)
	for i := range rows {
		user := 0
		for u := range free {
			if free[u] < free[user] {
				user = u
			}
		}
		send := free[user]
		last := send + 1 + rng.Float64()
		free[user] = last + turnaround
		rows[i] = table.Request{
			Index: int64(i), User: int32(user), Status: "ok", TSched: ns(send), TSend: ns(send), TFirstToken: at(send + 0.1), TLastToken: at(last), TDone: ns(last),
			ISL: tokens(100), OSL: tokens(11), Chunks: 11,
		}
	}
	return rows
}

func TestLittlesLaw(t *testing.T) {
	for seed := range uint64(20) {
		s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, Users: 5}}, stage.GPU{}, metric.Data{Requests: closedLoop(5, 60, 0.02, seed)})
		rps, latency, inFlight := compute(t, s, "rps"), compute(t, s, "e2el_mean_s"), compute(t, s, "achieved_concurrency")
		if math.Abs(inFlight-rps*latency) > 1e-6 {
			t.Errorf("seed %d: %v in flight, but %v requests a second times %v s", seed, inFlight, rps, latency)
		}
	}
}

func TestSteadyWindow(t *testing.T) {
	cases := []struct {
		name      string
		requests  []table.Request
		users     int
		least     float64 // share of the whole window
		wantEmpty bool
	}{
		{"turnaround between requests is no dip", closedLoop(8, 80, 0.01, 1), 8, 0.8, false},
		{"one user is steady", closedLoop(1, 10, 0.01, 1), 1, 0.99, false},
		{"long pauses break it", closedLoop(1, 10, 0.5, 1), 1, 0, false},
		{"the seed's 50 requests for 128 users", closedLoop(50, 50, 0, 1), 128, 0, true},
		{"nothing is said of the load", closedLoop(8, 80, 0, 1), 0, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, Users: c.users}}, stage.GPU{}, metric.Data{Requests: c.requests})
			def, _ := metric.Find("steady_window_s")
			got, ok := def.Compute(s)
			if ok == c.wantEmpty || got < c.least*compute(t, s, "window_s") {
				t.Errorf("steady for %v s of %v s", got, compute(t, s, "window_s"))
			}
			if c.name == "long pauses break it" && got > 2 {
				t.Errorf("steady for %v s, more than any one request", got)
			}
		})
	}
}

func compute(t *testing.T, s *metric.Sample, name string) float64 {
	t.Helper()
	def, ok := metric.Find(name)
	if !ok {
		t.Fatalf("no metric %s", name)
	}
	v, ok := def.Compute(s)
	if !ok {
		t.Fatalf("%s is missing", name)
	}
	return v
}

func TestDefinitionsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range metric.All() {
		if seen[d.Name] {
			t.Errorf("%s is defined twice", d.Name)
		}
		seen[d.Name] = true
		if !strings.HasSuffix(d.Doc, ".") || d.Compute == nil || d.Needs == "" {
			t.Errorf("%s lacks a sentence, a need or a function: %+v", d.Name, d)
		}
		if strings.HasSuffix(d.Name, "_s") != (d.Unit == "s") {
			t.Errorf("%s is in %q", d.Name, d.Unit)
		}
	}
	if _, ok := metric.Find("no_such_metric"); ok {
		t.Error("a metric that is not there was found")
	}
}

func TestObjectives(t *testing.T) {
	names := metric.Objectives()
	for _, want := range []string{"ttft_p99", "tpot_mean", "errors", "interactivity_p50", "output_tps"} {
		if !slices.Contains(names, want) {
			t.Errorf("no objective %s", want)
		}
	}
	s := byHand()
	converse(s, 2)
	for _, name := range names { // each is met by one of the bounds that everything and that nothing meets
		missed := func(bound float64) bool {
			s.Cell.SLO = map[string]float64{"ttft_p99": 0.9, name: bound} // what is good follows from the bound of a latency
			return slices.Contains(s.Missed(), name)
		}
		if missed(math.Inf(1)) == missed(math.Inf(-1)) {
			t.Errorf("objective %s has no metric with a better side", name)
		}
	}
}

func TestMissedObjectives(t *testing.T) {
	s := byHand()
	s.Cell.SLO = map[string]float64{
		"ttft_p99": 0.9, "ttft_sched_p99": 1, "errors": 0.25, "interactivity_p50": 2.5, "e2el_p50": 2, "tok_s_per_kw": 1,
		"unheard_of": 1,
	}
	if diff := cmp.Diff([]string{"interactivity_p50", "ttft_p99", "unheard_of"}, s.Missed()); diff != "" {
		t.Error(diff)
	}
	s.Data.Energy = nil
	if !slices.Contains(s.Missed(), "tok_s_per_kw") {
		t.Error("an objective of which nothing is known passes for met")
	}
}

// A name without a metric would be an empty column of the summary, and none of the page's table.
func TestShownColumnsAreMetrics(t *testing.T) {
	for _, name := range metric.Page() {
		if _, ok := metric.Find(name); !ok {
			t.Errorf("shown.go shows %q, which no Def of metric.All has as its Name", name)
		}
	}
}
