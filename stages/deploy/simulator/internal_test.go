package simulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestLagQuantile(t *testing.T) {
	var h lagHistogram
	if got := h.quantile(.99); got != 0 {
		t.Errorf("without lags: %v, want 0", got)
	}
	h.observe(-time.Second) // ahead of time counts as on time
	for i := range 199 {
		h.observe(time.Duration(i+1) * time.Millisecond)
	}
	h.observe(time.Hour)
	for _, c := range []struct {
		q    float64
		want time.Duration
	}{{.5, 100 * time.Millisecond}, {.99, 198 * time.Millisecond}} {
		if got := h.quantile(c.q); got < c.want || float64(got) > 1.11*float64(c.want) {
			t.Errorf("quantile %v = %v, want %v or up to a tenth more", c.q, got, c.want)
		}
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
	var a armed
	a.add(Fault{Kind: FaultStall, Count: 2})
	a.add(Fault{Kind: FaultDie})
	var got string
	for range 4 {
		f, ok := a.take()
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
	if _, err := s.driver.submit(make([]int64, 100), 1000, "length"); err != nil {
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
