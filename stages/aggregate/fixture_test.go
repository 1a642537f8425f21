package aggregate_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// fixtures are runs that between them have each thing that a cell can have. They are never edited: another one is added beside them.
func fixtures(t *testing.T) map[string]stage.Task {
	t.Helper()
	return map[string]stage.Task{
		"closed": newTask(t), "phases": phasedTask(t), "open": openTask(t), "rates": ratesTask(t), "talk": talkTask(t), "faults": faultsTask(t),
	}
}

// openTask has three rates of which the highest is too much: requests are late, dropped, cut off and out of time.
func openTask(t *testing.T) stage.Task {
	r := newRun(t)
	for i, rate := range []float64{5, 10, 40} {
		l := cellConfig(0, 1)
		l.RateRPS, l.ISLDistribution, l.OSLAtMost = rate, "uniform(512, 1536)", true
		l.SLO = map[string]float64{"ttft_p99": 0.3, "ttft_sched_p99": 0.5, "good_fraction": 0.99}
		l.RampSeconds = float64(i)
		s := newSample(uint64(i), 60, 1/rate, 0.04*float64(1+i*i), 0.01)
		for j := range s.rows {
			row := &s.rows[j]
			row.User, row.TSched = -1, row.TSched-int64(i)*int64(j)*2e6
			switch {
			case i == 2 && j%7 == 3:
				s.unanswered(j, "dropped", "max_in_flight is 32")
			case i == 2 && j%7 == 5:
				s.unanswered(j, "timeout", "no answer within 10m0s")
			case j >= 58:
				s.unanswered(j, "unfinished", "the load was over")
			}
		}
		r.add(fmt.Sprintf("m/h100/2gpu/%grps/1024x64/t1", rate), l, s, watts(300+100*float64(i)))
	}
	return r.task("open")
}

// ratesTask has a load whose rate goes through phases.
func ratesTask(t *testing.T) stage.Task {
	r := newRun(t)
	l := cellConfig(0, 1)
	l.Phases = phase.Phases{{RateRPS: 5, Duration: 4 * time.Second}, {RateRPS: 20, Ramp: 2 * time.Second, Duration: 6 * time.Second}}
	l.RateRPS, l.Pattern = 12, l.Phases.String()
	s := newSample(9, 100, 0.1, 0.08, 0.012)
	s.facts.Endpoint.Simulated = false
	r.add("m/h100/2gpu/5-20rps/1024x64/t1", l, s, watts(420))
	return r.task("rates")
}

// talkTask has conversations of three turns, whose later ones begin in the prefix cache.
func talkTask(t *testing.T) stage.Task {
	r := newRun(t)
	for _, users := range []int{2, 8} {
		l := cellConfig(users, 1)
		l.Turns, l.ThinkTime, l.OSLDistribution = "uniform(2, 4)", "exponential(2s)", "lognormal(64, 16)"
		s := newSample(uint64(users), 12*users, 0.5/float64(users), 0.05, 0.008)
		for j := range s.rows {
			row := &s.rows[j]
			turn := int32(j/users)%3 + 1
			row.Session, row.Turn, row.Turns = p(int64(j/(3*users)*users+j%users)), p(turn), p(int32(3))
			row.ISLShared, row.CachedTokens = p(256*(turn-1)), p(256*(turn-1)-16*min(1, turn-1))
		}
		s.facts.SharedPrefix = 16
		r.add(fmt.Sprintf("m/h100/2gpu/%du/1024x64x3/t1", users), l, s, watts(350))
	}
	return r.task("talk")
}

// faultsTask has two models on two types of GPU, each with another thing wrong with it.
func faultsTask(t *testing.T) stage.Task {
	r := newRun(t)
	statuses := []string{"http_error", "stream_error", "truncated", "cancelled", "empty", "timeout"}
	for i, wrong := range []string{"requests", "client", "simulator", "server", "power gap", "power short", "power steps", "tokens", "cold"} {
		l := cellConfig(4, i+1)
		l.Model, l.GPUType, l.SLO = []string{"qwen3-8b", "llama-70b"}[i%2], []string{"H100", "B200"}[i/2%2], map[string]float64{"tpot_p50": 0.009, "e2el_p90": 2}
		s := newSample(uint64(100+i), 40, 0.05, 0.1, 0.01)
		power := watts(500)
		switch wrong {
		case "requests":
			for j, status := range statuses {
				s.unanswered(5*j, status, "HTTP 503: overloaded")
				s.rows[5*j].HTTPStatus, s.rows[5*j].NewConnection, s.rows[5*j].StaleRetries = 503, true, 1
			}
		case "client":
			s.facts.Client = measured.Client{
				MaxProcs: 4, WallSeconds: 4, CPUSeconds: 15.2, CPUPeakProcs: 4, GCCycles: 9, GCPauseSeconds: 0.2, GCPauseMaxSeconds: 0.1,
				TickLag: measured.Lag{Samples: 100, P50: 0.001, P99: 0.08, Max: 0.2}, Reads: 4000, ReadLag: measured.Lag{Samples: 4000, P50: 0.002, P99: 0.05, Max: 0.1},
				Ceiling: &measured.Ceiling{Streams: 2, ChunksPerSecond: 100},
			}
		case "simulator":
			s.facts.ServerLag = measured.ServerLag{Chunks: 320, MeanSeconds: 0.01, P50Seconds: 0.004, P99Seconds: 0.09}
		case "server":
			s.server = serverReadings(4, 0.25)
			for k := range s.server {
				s.server[k].QueueSumSeconds, s.server[k].QueueCount = p(0.1*float64(k)), p(4*float64(k))
			}
			last := &s.server[len(s.server)-1]
			last.ProcessStart, last.OutputTokens, last.Finished, last.Preemptions = p(1.7e9), p(2e5), p(4e3), p(7.0)
			s.facts.Server.Problem = "one reading of two failed"
		case "power gap":
			power = func(i int64, gpu int32) (float64, bool) { return 500, i < 15 || i > 35 }
		case "power short":
			power = func(i int64, gpu int32) (float64, bool) { return 500, gpu == 0 }
		case "power steps":
			power = func(i int64, gpu int32) (float64, bool) { return 60 + 900*float64(i%2), true }
			s.rest = 0.5
		case "tokens":
			for j := range s.rows {
				s.rows[j].TokenSource, s.rows[j].OSL, s.rows[j].ISL = "chunks", p(s.rows[j].Chunks), nil
			}
		case "cold":
			s.facts.Cold, s.facts.Simulated, s.facts.Endpoint = true, false, nil
			s.chunks = nil
		}
		r.add(fmt.Sprintf("x/%s/2gpu/4u/1024x64/t%d", l.GPUType, i+1), l, s, power)
	}
	return r.task("faults")
}

// sample is what a load measured.
type sample struct {
	rows   []table.Request
	chunks []table.Chunk
	server []table.Server
	facts  measured.Load
	rest   float64 // seconds around it in which nothing was asked of the GPUs
}

const chunksEach, tokensEach = 8, 64

// newSample has requests that begin one gap after another. Their times vary by a seed, in whole microseconds.
func newSample(seed uint64, n int, gap, ttft, tpot float64) *sample {
	vary := func() float64 { // from 0.5 to 1.5; the generator is Knuth's, so that no library changes it
		seed = seed*6364136223846793005 + 1442695040888963407
		return 0.5 + float64(seed>>40)/(1<<24)
	}
	ns := func(seconds float64) int64 { return int64(seconds*1e6) * 1000 }
	s := &sample{}
	for i := range int64(n) {
		due := ns(gap * float64(i))
		send := due + ns(0.001*vary())
		first := send + ns(ttft*vary())
		at := first
		for c := range int32(chunksEach) {
			s.chunks = append(s.chunks, table.Chunk{Cell: "load.older", Request: i, Seq: c, T: at, Bytes: 32, Tokens: tokensEach / chunksEach, Kind: "content"})
			if c < chunksEach-1 {
				at += ns(tpot * tokensEach / chunksEach * vary())
			}
		}
		s.rows = append(s.rows, table.Request{
			Cell: "load.older", Trial: 1, Attempt: 1, Index: i, User: int32(i % 4), ID: fmt.Sprint("ix-", i), EpochUnixNS: epoch, TSched: due, TSend: send,
			THeaders: p(first - 1e6), TFirstEvent: p(first - 1e6), TFirstToken: p(first), TFirstAnswer: p(first), TLastToken: p(at), TDone: at + 1e5,
			NewConnection: i < 4, ISLRequested: 1024, ISL: p(int32(1020 + i%8)), OSLRequested: tokensEach, OSL: p(int32(tokensEach)), CachedTokens: p(int32(0)),
			TokenSource: "usage", Chunks: chunksEach, OutputBytes: 32 * chunksEach, Status: "ok", HTTPStatus: 200, FinishReason: "length", Protocol: "HTTP/1.1",
		})
		s.facts.WindowEndNS = max(s.facts.WindowEndNS, at)
	}
	s.facts.EpochUnixNS, s.facts.WindowStartNS, s.facts.Simulated = epoch, s.rows[0].TSend, true
	s.facts.Endpoint = &stage.Endpoint{Engine: "vllm", EngineVersion: "0.11.0", RTTSeconds: 0.0004, Simulated: true, Clock: stage.ServerClock{Speed: 1}}
	return s
}

// unanswered makes a request one that failed before its first token.
func (s *sample) unanswered(index int, status, why string) {
	row := &s.rows[index]
	row.Status, row.Error, row.HTTPStatus, row.FinishReason, row.TokenSource = status, why, 0, "", "none"
	row.THeaders, row.TFirstEvent, row.TFirstToken, row.TFirstAnswer, row.TLastToken, row.ISL, row.OSL = nil, nil, nil, nil, nil, nil, nil
	row.Chunks, row.OutputBytes, row.CachedTokens = 0, 0, nil
	var kept []table.Chunk
	for _, c := range s.chunks {
		if c.Request != int64(index) {
			kept = append(kept, c)
		}
	}
	s.chunks = kept
}

// reading is the power of a GPU at a tenth of a second, or none.
type reading func(tenth int64, gpu int32) (watts float64, ok bool)

func watts(w float64) reading {
	return func(i int64, gpu int32) (float64, bool) { return w + float64(i%5) + float64(gpu), true }
}

// runOf gathers the cells of a run.
type runOf struct {
	t      *testing.T
	config stage.AggregateConfig
	inputs []stage.Input
}

func newRun(t *testing.T) *runOf {
	t.Helper()
	return &runOf{t: t, config: stage.AggregateConfig{Seed: 42, GPUs: map[string]stage.GPU{
		"H100": {PricePerHourUSD: 3.95, PriceAsOf: "2026-01", IdleWatts: 120, TDPWatts: 700}, "B200": {PricePerHourUSD: 6.5, TDPWatts: 1000},
	}}}
}

// add seals what a cell left.
func (r *runOf) add(key string, l stage.CellConfig, s *sample, power reading) {
	r.t.Helper()
	l.Cell, l.Load.Key, l.Power.Key = key, key, key
	l.Address = l.Load.String()
	load, fetched := r.t.TempDir(), r.t.TempDir()
	meta := table.Meta{"run": "20260105T100000Z-fixture-0000"}
	if err := table.Write(filepath.Join(load, measured.RequestsFile), s.rows, meta); err != nil {
		r.t.Fatal(err)
	}
	if s.chunks != nil {
		write(r.t, filepath.Join(load, measured.ChunksFile), s.chunks)
	}
	if s.server != nil {
		write(r.t, filepath.Join(load, measured.ServerFile), s.server)
	}
	put(r.t, filepath.Join(load, measured.LoadFile), s.facts)
	query := energy.Query{FromUnixNS: s.facts.FromUnixNS(), ToUnixNS: s.facts.ToUnixNS(), Devices: l.GPUs, PeriodSeconds: 0.1, ClockErrorSeconds: 0.001, PadSeconds: s.rest}
	rows := powerRows(query, power)
	write(r.t, filepath.Join(fetched, measured.PowerTable), rows)
	put(r.t, filepath.Join(fetched, measured.PowerFile), measured.Power{Source: "nvidia-smi", Readings: len(rows), Query: query})
	r.config.Cells = append(r.config.Cells, l)
	r.inputs = append(r.inputs, stage.Input{Address: l.Load, Dir: load}, stage.Input{Address: l.Power, Dir: fetched})
}

// powerRows are readings from a second before a window to a second after it.
func powerRows(q energy.Query, power reading) []table.Power {
	var rows []table.Power
	for i := int64(0); q.FromUnixNS-1e9+i*1e8 <= q.ToUnixNS+1e9; i++ {
		for gpu := range int32(2) {
			w, ok := power(i, gpu)
			if !ok {
				continue
			}
			rows = append(rows, table.Power{
				Cell: "load.older", TUnixNS: q.FromUnixNS - 1e9 + i*1e8, Seq: i, Host: "h", GPUIndex: gpu, GPUUUID: fmt.Sprintf("GPU-%d", gpu), PowerWatts: p(w),
				PowerKind: "avg1s", InstantWatts: p(w + 1), GPUUtil: p(0.5), MemUtil: p(0.25), MemUsedBytes: p(int64(40e9)), TempC: p(55.0), SMClockHz: p(1.7e9), Source: "nvidia-smi",
			})
		}
	}
	return rows
}

func (r *runOf) task(suite string) stage.Task {
	r.t.Helper()
	r.config.Suite = suite
	text, err := json.Marshal(r.config)
	if err != nil {
		r.t.Fatal(err)
	}
	return stage.Task{Address: addr.Step{Kind: "aggregate"}, Attempt: 1, Config: text, Dir: r.t.TempDir(), Inputs: r.inputs}
}
