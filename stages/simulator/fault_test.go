package simulator_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

func TestHTTPFaults(t *testing.T) {
	r := start(t, simulator.Config{Faults: []simulator.Fault{{Kind: simulator.FaultHTTP429, Count: 2}}})
	if status, body := r.text(t, "POST", "/simulator/faults", `{"kind":"http_500","message":"boom"}`); status != http.StatusNoContent {
		t.Fatalf("arming: %d %s", status, body)
	}
	for i, want := range []struct {
		status  int
		message string
	}{
		{429, "Too many requests, please try again later."}, {429, "Too many requests, please try again later."}, {500, "boom"}, {200, ""},
	} {
		status, body := r.text(t, "POST", "/v1/chat/completions", chat(1, 2, ""))
		var got struct{ Error struct{ Message string } }
		if status != 200 && json.Unmarshal([]byte(body), &got) != nil || status != want.status || got.Error.Message != want.message {
			t.Errorf("request %d: %d %s, want %d %q", i, status, body, want.status, want.message)
		}
	}
	var outcomes []string
	for _, rec := range r.Requests() {
		outcomes = append(outcomes, rec.Outcome)
	}
	if diff := cmp.Diff([]string{"http_429", "http_429", "http_500", "length"}, outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestFaultsInsideAStream(t *testing.T) {
	for _, c := range []struct {
		fault     simulator.Fault
		chunks    int
		truncated bool
		failure   string
		reason    string
	}{
		{simulator.Fault{Kind: simulator.FaultStreamError, AfterChunks: 3, Message: "boom"}, 3, false, "boom", ""},
		{simulator.Fault{Kind: simulator.FaultStreamError}, 0, false, "EngineCore encountered an issue. See stack trace (above) for the root cause.", ""},
		{simulator.Fault{Kind: simulator.FaultStreamTruncate, AfterChunks: 5}, 5, true, "", ""},
		{simulator.Fault{Kind: simulator.FaultStall, AfterChunks: 2, StallSeconds: 3}, 10, false, "", "length"},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			r := start(t, simulator.Config{})
			if err := r.Arm(c.fault); err != nil {
				t.Fatal(err)
			}
			s, err := readStream(r.do(t, "POST", "/v1/chat/completions", chat(3, 10, "")).Body)
			if truncated := errors.Is(err, io.ErrUnexpectedEOF); truncated != c.truncated || err != nil && !truncated {
				t.Errorf("reading ended with %v, want truncated = %v", err, c.truncated)
			}
			if len(s.texts) != c.chunks || s.failure != c.failure || s.reason != c.reason {
				t.Errorf("%d chunks, failure %q, reason %q, want %d, %q, %q", len(s.texts), s.failure, s.reason, c.chunks, c.failure, c.reason)
			}
			if after := r.stream(t, "/v1/chat/completions", chat(3, 4, "")); len(after.texts) != 4 || after.reason != "length" {
				t.Errorf("the next stream has %d chunks and ended by %q: want it whole", len(after.texts), after.reason)
			}
			rec := r.Requests()[0]
			want := string(c.fault.Kind)
			if c.reason != "" {
				want = c.reason
			}
			if rec.Outcome != want || rec.Chunks != c.chunks {
				t.Errorf("record %+v, want outcome %s after %d chunks", rec, want, c.chunks)
			}
			if c.fault.StallSeconds > 0 && float64(rec.LastTokenWriteNS-rec.FirstTokenWriteNS)/1e9 < c.fault.StallSeconds {
				t.Errorf("record %+v: want a stall of %v s between the first and the last token", rec, c.fault.StallSeconds)
			}
			if m := r.metrics(t); m["vllm:num_requests_running"] != 0 {
				t.Errorf("%v requests still running", m["vllm:num_requests_running"])
			}
		})
	}
}

func TestFaultsInAWholeAnswer(t *testing.T) {
	body := `{"model":"` + model + `","ignore_eos":true,"max_tokens":8,"prompt":"a b c"}`
	r := start(t, simulator.Config{Faults: []simulator.Fault{
		{Kind: simulator.FaultStreamError, AfterChunks: 3}, {Kind: simulator.FaultStreamTruncate}, {Kind: simulator.FaultStall, StallSeconds: 1},
	}})
	if status, answer := r.text(t, "POST", "/v1/completions", body); status != http.StatusInternalServerError {
		t.Errorf("stream_error: %d %s, want 500", status, answer)
	}
	if resp, err := r.try(t.Context(), "POST", "/v1/completions", body); err == nil {
		t.Errorf("stream_truncate: status %d, want a broken connection", resp.StatusCode)
		resp.Body.Close()
	}
	if status, answer := r.text(t, "POST", "/v1/completions", body); status != http.StatusOK {
		t.Errorf("stall: %d %s, want 200 after a second", status, answer)
	}
}

func TestDie(t *testing.T) {
	r := start(t, simulator.Config{Faults: []simulator.Fault{{Kind: simulator.FaultDie, AfterChunks: 2}}})
	s, err := readStream(r.do(t, "POST", "/v1/chat/completions", chat(3, 10, "")).Body)
	if err == nil || len(s.texts) > 2 || s.done {
		t.Errorf("reading ended with %v after %d chunks, want a broken stream after at most 2", err, len(s.texts))
	}
	if err := r.Ended(); !errors.Is(err, simulator.ErrDied) || err.Error() != "the simulated server died" {
		t.Errorf("Serve: %v, want ErrDied", err)
	}
	if resp, err := r.try(t.Context(), "GET", "/health", ""); err == nil {
		t.Errorf("a dead server answers %d", resp.StatusCode)
		resp.Body.Close()
	}
}
