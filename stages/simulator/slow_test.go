package simulator_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

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
