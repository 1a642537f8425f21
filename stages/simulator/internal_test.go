package simulator

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

func TestLagHasNoSign(t *testing.T) {
	var l lags
	l.add(-100 * time.Millisecond) // too early is as wrong as too late
	l.add(100 * time.Millisecond)
	if lag := l.lag(); lag.SumSeconds != 0.2 || l.spans.Quantile(0.01) < 100*time.Millisecond {
		t.Errorf("lags of %v s in all, the shortest %v: want 0.2 s and 100 ms", lag.SumSeconds, l.spans.Quantile(0.01))
	}
}

func TestRecordsKeepTheLatest(t *testing.T) {
	var r records
	for i := range requestHistory + 10 {
		r.add(RequestRecord{PromptTokens: i})
	}
	all := r.all()
	if len(all) != requestHistory || all[0].PromptTokens != 10 || all[len(all)-1].PromptTokens != requestHistory+9 {
		t.Errorf("%d records from %d to %d, want the latest %d in order", len(all), all[0].PromptTokens, all[len(all)-1].PromptTokens, requestHistory)
	}
}

// A fault strikes Count requests, then the next one has its turn.
func TestArmedFaultsStrikeInOrder(t *testing.T) {
	var a pendingFaults
	a.add(Fault{Kind: FaultStall, Count: 2})
	a.add(Fault{Kind: FaultDie})
	var got string
	for range 4 {
		f, ok := a.due()
		got += fmt.Sprintf("%s %v, ", f.Kind, ok)
	}
	if want := "stall true, stall true, die true,  false, "; got != want {
		t.Errorf("took %q, want %q", got, want)
	}
}

// A bug in a handler ends the server with its message, not in silence.
func TestGuard(t *testing.T) {
	s, err := New(Config{Model: "Qwen3-8B"})
	if err != nil {
		t.Fatal(err)
	}
	handler := s.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") }))
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("the handler panics with %v, want http.ErrAbortHandler", p)
			}
		}()
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/health", nil))
	}()
	if s.cause == nil || !strings.HasPrefix(s.cause.Error(), "simulator: GET /health: panic: oops\n") {
		t.Errorf("Serve would return %v, want the panic and where it was", s.cause)
	}
}

// What is read now includes work that the driver has not got round to.
func TestReadingsAreUpToDate(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s, err := New(Config{Model: "Qwen3-8B", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.driver.submit(s.driver.clock.elapsed(), job{prompt: make([]int64, 100), output: 1000, maxTokens: 1000, reason: "length"}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(3 * time.Second)
	if rows := s.Power(s.SimulatedUnixNS(), 0); len(rows) != 1 || rows[0].GPUUtil < 50 {
		t.Errorf("power after three seconds of work: %+v, want a busy GPU", rows)
	}
	now = now.Add(30 * time.Second)
	if text := string(s.driver.printMetrics()); !strings.Contains(text, "vllm:generation_tokens_total{engine=\"0\",model_name=\"Qwen3-8B\"} 1000\n") {
		t.Errorf("metrics after the work: %s", text)
	}
}

// The times of the metrics are those of the scheduler, but for the network: another scheduler, asked the same at the same times, gives them.
func TestMetricTimesAreTheSchedulers(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s, err := New(Config{Model: "Qwen3-8B", Profile: "modal-eager", StreamInterval: 3, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	machine, err := s.cfg.Machine()
	if err != nil {
		t.Fatal(err)
	}
	twin, err := engine.New(s.cfg.engineConfig(machine))
	if err != nil {
		t.Fatal(err)
	}
	sent, latest := map[uint64]time.Duration{}, map[uint64]time.Duration{}
	for i := range 40 {
		now = now.Add(7 * time.Millisecond)
		f, err := s.driver.submit(s.driver.clock.elapsed(), job{prompt: make([]int64, 100+i), output: 20 + i, maxTokens: 64, reason: "length"})
		if err != nil {
			t.Fatal(err)
		}
		sent[f.id] = f.arrival
		if err := twin.Submit(engine.Request{ID: f.id, At: f.arrival, PromptTokens: 100 + i, OutputTokens: 20 + i, Blocks: engine.HashBlocks(make([]int64, 100+i))}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	var ttft, between, e2e time.Duration
	for _, m := range twin.Advance(time.Hour) {
		if m.First {
			ttft += m.At - sent[m.ID] - s.driver.network
		} else {
			between += m.At - latest[m.ID]
		}
		latest[m.ID] = m.At
		if m.Finished {
			e2e += m.At - sent[m.ID] - s.driver.network
		}
	}
	text := string(s.driver.printMetrics())
	for name, want := range map[string]time.Duration{
		"time_to_first_token_seconds": ttft, "time_per_output_token_seconds": between, "inter_token_latency_seconds": between,
		"request_decode_time_seconds": between, "e2e_request_latency_seconds": e2e,
	} {
		_, rest, _ := strings.Cut(text, "vllm:"+name+"_sum{engine=\"0\",model_name=\"Qwen3-8B\"} ")
		var got float64
		if _, err := fmt.Sscan(rest, &got); err != nil || math.Abs(got-want.Seconds()) > 1e-6 {
			t.Errorf("%s_sum = %v (%v), want %v s", name, got, err, want.Seconds())
		}
	}
}

// Chunks that are written before their time do not let the next request in before it: who asks after an early last chunk asks at its true time.
func TestLeadKeepsTheOrderOfTimes(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s, err := New(Config{Model: "Qwen3-8B", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	d := s.driver
	submit := func() *flight {
		t.Helper()
		f, err := d.submit(d.clock.elapsed(), job{prompt: make([]int64, 100), output: 1, maxTokens: 1, reason: "length"})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := submit()
	d.advance(time.Second) // with a lead of a second
	if d.burst != 1 || first.latest == 0 || d.lead() <= 0 || d.lead() > maxLead {
		t.Fatalf("burst of %d at %v, lead %v: want one chunk, and a lead up to %v", d.burst, first.latest, d.lead(), maxLead)
	}
	if second := submit(); second.arrival != first.latest {
		t.Errorf("asked at %v, want %v, the time of the chunk that came early", second.arrival, first.latest)
	}
	now = now.Add(time.Minute)
	if third := submit(); third.arrival != time.Minute {
		t.Errorf("asked at %v, want a minute: it is past the chunk", third.arrival)
	}
}

// Without a length that was asked for, the context is the model's own as far as the KV cache has room for it.
func TestDefaultModelLen(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want int
	}{
		{Config{Model: "Qwen3-8B"}, 40960},
		{Config{Model: "Llama-3.1-8B"}, 131072},
		{Config{Model: "Llama-3.1-8B", KVCapacityTokens: 5000}, 4992},
		{Config{Model: "Llama-3.1-8B", MaxModelLen: 4096}, 4096},
	} {
		s, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if s.modelLen != c.want {
			t.Errorf("%s with a cache of %d tokens: a context of %d, want %d", c.cfg.Model, c.cfg.KVCapacityTokens, s.modelLen, c.want)
		}
	}
}
