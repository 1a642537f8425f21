package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
)

// What a suite says wrongly of faults is told where it says so.
func TestFaultsOfASuite(t *testing.T) {
	for name, test := range map[string]struct{ hcl, want string }{
		"no list":           {`faults = "stall"`, `a string is no list of faults; write [{ kind = "stall" }]`},
		"one object":        {`faults = { kind = "stall" }`, `an object is no list of faults`},
		"no object":         {`faults = ["stall"]`, `element 1: a fault is an object such as {"kind":"stall"}`},
		"no kind":           {`faults = [{ count = 2 }]`, "element 1: a fault needs a kind: one of die, http_429"},
		"misspelt kind":     {`faults = [{ kind = "stall" }, { kind = "http_50" }]`, `element 2: unknown fault "http_50"; did you mean "http_500"?`},
		"alien kind":        {`faults = [{ kind = "earthquake" }]`, `unknown fault "earthquake": there is die, http_429`},
		"misspelt class":    {`faults = [{ kind = "startup", class = "model_gate" }]`, `fault startup: unknown class "model_gate"; did you mean "model_gated"?`},
		"alien class":       {`faults = [{ kind = "startup", class = "earthquake" }]`, `unknown class "earthquake": there is bad_flag, capacity, cuda_oom, driver`},
		"misspelt setting":  {`faults = [{ kind = "stall", after_chunk = 2 }]`, `fault stall has no "after_chunk". Did you mean "after_chunks"?`},
		"another's setting": {`faults = [{ kind = "stall", class = "driver" }]`, `fault stall has no "class". There is after_chunks, after_requests, count, stall_seconds.`},
		"wrong type":        {`faults = [{ kind = "stall", count = "many" }]`, `element 1: fault: count is a string, want a whole number`},
		"a fraction":        {`faults = [{ kind = "stall", count = 1.5 }]`, `element 1: fault: count is a number 1.5, want a whole number`},
		"below zero":        {`faults = [{ kind = "stall", stall_seconds = -1 }]`, "fault stall: stall_seconds is -1: it must not be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := block.Parse(simulator.NewProvider().Body(), test.hcl)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
	if _, err := block.Parse(simulator.NewProvider().Body(), `faults = [{ kind = "stall", count = 2 }, { kind = "startup", class = "driver", message = null }]`); err != nil {
		t.Errorf("good faults: %v", err)
	}
}

// A fault waits for the requests that it lets pass, and the next one for those after it.
func TestFaultsAfterRequests(t *testing.T) {
	r := start(t, simulator.Config{Faults: []simulator.Fault{
		{Kind: simulator.FaultHTTP429, AfterRequests: 2, Count: 2}, {Kind: simulator.FaultHTTP500, AfterRequests: 1},
	}})
	var got []int
	for range 7 {
		status, _ := r.text(t, "POST", "/v1/chat/completions", chat(1, 1, ""))
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{200, 200, 429, 429, 200, 500, 200}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestSlowTransfers(t *testing.T) {
	body := chat(500, 20, "")
	r := start(t, simulator.Config{Profile: "offline"})
	plain := r.stream(t, "/v1/chat/completions", body)
	size := 0
	for _, data := range plain.raw {
		size += len("data: ") + len(data) + 2
	}
	for _, c := range []struct {
		kind  simulator.FaultKind
		bytes int
		slow  func(simulator.RequestRecord) int64 // what takes its time
	}{
		{simulator.FaultSlowRead, len(body), func(r simulator.RequestRecord) int64 { return r.FirstTokenWriteNS - r.ArrivalNS }},
		{simulator.FaultSlowWrite, size, func(r simulator.RequestRecord) int64 { return r.DoneNS - r.FirstTokenWriteNS }},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			text, err := json.Marshal(map[string]any{"kind": c.kind, "bytes_per_second": float64(c.bytes) / 5}) // simulated
			if err != nil {
				t.Fatal(err)
			}
			if status, answer := r.text(t, "POST", "/simulator/faults", string(text)); status != 204 {
				t.Fatalf("%d %s", status, answer)
			}
			slow := r.stream(t, "/v1/chat/completions", body)
			if diff := cmp.Diff(plain.texts, slow.texts); diff != "" || !slow.done || slow.reason != "length" {
				t.Errorf("the answer is another (-want +got):\n%s", diff)
			}
			rec := r.Requests()[len(r.Requests())-1]
			if took := float64(c.slow(rec)) / 1e9; rec.Outcome != "length" || took < 4.9 {
				t.Errorf("it took %.2f s, want 5 s for %d bytes: %+v", took, c.bytes, rec)
			}
		})
	}
}
