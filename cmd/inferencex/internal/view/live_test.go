package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// figures are those of a load, with the types that a stage gives them.
func figures() map[string]any {
	return map[string]any{
		"in_flight": int64(64), "errors": 2, "output_tps": 2789.4, "ttft_p50_s": 0.3801, "ttft_p99_s": 1.25, "tpot_p50_s": 0.02, "tpot_p99_s": 0.0211,
		"server_running": 61.0, "server_waiting": 3.0, "kv_usage": 0.165, "eta_s": 12.4,
	}
}

func TestWhatIsSaidOfARunningStep(t *testing.T) {
	const body = "64 in flight, 2,789 tok/s, TTFT 380 ms (p99 1.25 s), TPOT 20 ms (p99 21.1 ms), queue 3, KV cache 16.5 %, 2 errors"
	for _, c := range []struct {
		name       string
		given      event.Event
		head, body string
	}{
		{"a load of so many requests", event.Event{Done: 128, Total: 512, Figures: figures()}, "128/512, 12 s left", body},
		{"a load of so much time", event.Event{Done: 128, Figures: figures()}, "128 done, 12 s left", body},
		{"before the first answer", event.Event{Total: 512, Figures: map[string]any{"in_flight": int64(64), "errors": 0, "output_tps": 0.0}}, "0/512", "64 in flight"},
		{"as the file of events has it", event.Event{Done: 1, Total: 2, Figures: map[string]any{"in_flight": 4.0, "errors": 1.0}}, "1/2", "4 in flight, 1 error"},
		{"one that has only a phrase", event.Event{Total: 3, Message: "panels"}, "0/3, panels", ""},
		{"at its end", event.Event{Done: 2, Total: 2, Figures: map[string]any{"in_flight": int64(0), "eta_s": 0.0, "tpot_p50_s": 0.005}}, "2/2", "TPOT 5 ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &activity{}
			a.take(c.given)
			if a.head() != c.head || a.body() != c.body {
				t.Errorf("%q and %q,\nwant %q and %q", a.head(), a.body(), c.head, c.body)
			}
		})
	}
}

func TestFitted(t *testing.T) {
	for width, want := range map[int]string{-1: "", 0: "", 1: "…", 4: "KV …", 9: "KV 50 % …", 11: "KV 50 % · ·", 80: "KV 50 % · ·"} {
		if got := fitted("KV 50 % · ·", width); got != want {
			t.Errorf("in %d columns: %q, want %q", width, got, want)
		}
	}
}

// Without a terminal a load that runs is told of every ten seconds, and each step once when it ends.
func TestLinesWithoutATerminal(t *testing.T) {
	load := addr.Step{Kind: plan.Load, Name: "chat", Key: "m/h100/1gpu/64u/t1"}
	at := func(second float64) time.Time {
		return time.Unix(0, 0).Add(time.Duration(second * float64(time.Second)))
	}
	events := []event.Event{{Type: event.StepStarted, Step: &load, Time: at(0)}}
	for i := range 130 { // five a second, as a load tells
		f := figures()
		f["eta_s"] = 26 - float64(i+1)/5
		events = append(events, event.Event{Type: event.StepProgress, Step: &load, Time: at(float64(i+1) / 5), Done: 2 * (i + 1), Total: 260, Figures: f})
	}
	events = append(events, event.Event{Type: event.StepDone, Step: &load, Time: at(26), Seconds: 26})
	var out bytes.Buffer
	h := NewHuman(HumanConfig{Out: &out, Plan: &plan.Plan{Suite: "s"}, Headline: "one cell"})
	for _, e := range events {
		h.Emit(e)
	}
	h.Close()
	const pulse = "64 in flight, 2,789 tok/s, TTFT 380 ms (p99 1.25 s), TPOT 20 ms (p99 21.1 ms), queue 3, KV cache 16.5 %, 2 errors"
	want := []string{
		"s: one cell",
		`· load.chat["m/h100/1gpu/64u/t1"]  100/260, 16 s left, ` + pulse,
		`· load.chat["m/h100/1gpu/64u/t1"]  200/260, 6.0 s left, ` + pulse,
		`✓ load.chat["m/h100/1gpu/64u/t1"]  26.0 s  2789 tok/s, 2 failed requests`,
		"",
	}
	if diff := cmp.Diff(want, strings.Split(out.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

// Bars are drawn in a goroutine of their own, which nobody watches over: a panic there is shown and ends
// nothing.
func TestABarShowsItsPanic(t *testing.T) {
	if got, want := barText(func() string { panic("boom") }), "panic: boom"; got != want {
		t.Errorf("it shows %q, want %q", got, want)
	}
	if got := barText(func() string { return "3/8" }); got != "3/8" {
		t.Errorf("it shows %q", got)
	}
}
