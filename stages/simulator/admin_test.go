package simulator_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

func TestModelsAndVersion(t *testing.T) {
	r := start(t, simulator.Config{Served: []string{model, "run-42"}})
	_, body := r.text(t, "GET", "/v1/models", "")
	created := r.Info().EpochUnixNS / 1e9
	want := fmt.Sprintf(`{"data":[{"id":%q,"object":"model","created":%d,"owned_by":"vllm","root":%q,"parent":null,"max_model_len":40960},`+
		`{"id":"run-42","object":"model","created":%d,"owned_by":"vllm","root":%q,"parent":null,"max_model_len":40960}],"object":"list"}`+"\n",
		model, created, model, created, model)
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("/v1/models (-want +got):\n%s", diff)
	}
	if s := r.stream(t, "/v1/chat/completions", strings.Replace(chat(1, 1, ""), model, "run-42", 1)); s.events[0].Model != "run-42" {
		t.Errorf("asked for the alias, answered as %q", s.events[0].Model)
	}
	if _, body := r.text(t, "GET", "/version", ""); body != `{"version":"`+simulator.Version+`"}`+"\n" {
		t.Errorf("/version: %s", body)
	}
}

func TestTokenizeAgreesWithUsage(t *testing.T) {
	r := start(t, simulator.Config{})
	for _, text := range []string{"Hello big world", " badoku badoku", "naïve – 日本 \n \"quoted\"", "x"} {
		messages, _ := json.Marshal([]map[string]string{{"role": "user", "content": text}})
		prompt, _ := json.Marshal(text)
		count := func(body string) (n int, tokens []int64) {
			var got struct {
				Count  int     `json:"count"`
				Len    int     `json:"max_model_len"`
				Tokens []int64 `json:"tokens"`
			}
			_, answer := r.text(t, "POST", "/tokenize", body)
			if err := json.Unmarshal([]byte(answer), &got); err != nil || got.Count != len(got.Tokens) || got.Len != 40960 {
				t.Errorf("/tokenize %s: %s", body, answer)
			}
			return got.Count, got.Tokens
		}
		inChat, _ := count(`{"messages":` + string(messages) + `}`)
		bare, _ := count(`{"messages":` + string(messages) + `,"add_generation_prompt":false}`)
		alone, tokens := count(`{"prompt":` + string(prompt) + `}`)
		s := r.stream(t, "/v1/chat/completions", `{"model":"`+model+`","stream":true,"stream_options":{"include_usage":true},"max_tokens":1,"messages":`+string(messages)+`}`)
		if s.usage.Prompt != inChat || inChat != alone+5 || bare != alone+3 {
			t.Errorf("%q: usage %d, tokenized as a chat %d and %d, alone %d: want the same, and 5 and 3 more than alone", text, s.usage.Prompt, inChat, bare, alone)
		}
		ids, _ := json.Marshal(map[string]any{"tokens": tokens})
		var back struct{ Prompt string }
		if _, answer := r.text(t, "POST", "/detokenize", string(ids)); json.Unmarshal([]byte(answer), &back) != nil || back.Prompt != text {
			t.Errorf("/detokenize: %s, want %q", answer, text)
		}
	}
	if _, body := r.text(t, "POST", "/tokenize", `{"prompt":""}`); body != `{"count":0,"max_model_len":40960,"token_strs":null,"tokens":[]}`+"\n" {
		t.Errorf("/tokenize of nothing: %s", body)
	}
}

func TestClock(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s, err := simulator.New(simulator.Config{Model: model, Speed: 10, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	epoch := now.UnixNano()
	now = now.Add(1500 * time.Millisecond)
	if got, want := s.SimulatedUnixNS(), epoch+15e9; got != int64(want) {
		t.Errorf("simulated time %d, want %d: the epoch and ten times what has passed", got, int64(want))
	}
	if info := s.Info(); info.EpochUnixNS != epoch || !info.Simulated || info.Speed != 10 {
		t.Errorf("info %+v", info)
	}
}

// Power over the wire: the counter is the integral, idle before and after work.
func TestPower(t *testing.T) {
	r := start(t, simulator.Config{GPUs: 2, Speed: 10, ExactPower: true})
	info := r.Info()
	until := func(ns int64) {
		for r.SimulatedUnixNS() < ns {
			r.text(t, "GET", "/health", "")
		}
	}
	until(info.EpochUnixNS + 3e9)
	from := r.SimulatedUnixNS()
	r.stream(t, "/v1/chat/completions", chat(500, 4000, ""))
	to := r.SimulatedUnixNS()
	until(to + 2e9)

	_, body := r.text(t, "GET", fmt.Sprintf("/simulator/power?from_unix_ns=%d&to_unix_ns=%d", info.EpochUnixNS, to+2e9), "")
	rows := lines[simulator.PowerRow](t, body)
	if want := 2 * int((to+2e9-info.EpochUnixNS)/1e8+1); len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	var joules float64
	var busy, idle int
	for i, row := range rows {
		if row.GPUIndex != i%2 || row.GPUUUID != info.GPUUUIDs[i%2] || row.TUnixNS != info.EpochUnixNS+int64(i/2)*1e8 {
			t.Fatalf("row %d: %+v: want GPU %d at sample %d", i, row, i%2, i/2)
		}
		if i%20 == 0 && i > 0 && row.GPUIndex == 0 {
			joules += row.PowerAvgW // of the second before
			if math.Abs(row.EnergyJ-joules) > 0.1 {
				t.Errorf("at %d s: counter %.2f J, averages sum to %.2f J", i/20, row.EnergyJ, joules)
			}
		}
		switch {
		// The client may be half a wall second behind the server at either end.
		case row.TUnixNS > from+6e9 && row.TUnixNS < to-5e9:
			busy++
			if row.PowerAvgW < 200 || row.PowerAvgW > 700 || row.GPUUtil < 50 {
				t.Errorf("while working: %+v", row)
			}
		case row.TUnixNS > info.EpochUnixNS+1e9 && row.TUnixNS < from || row.TUnixNS > to+1e9:
			idle++
			if math.Abs(row.PowerAvgW-120) > 1 || row.GPUUtil != 0 {
				t.Errorf("while idle: %+v", row)
			}
		}
	}
	if busy == 0 || idle == 0 {
		t.Errorf("%d rows of work and %d of idling, want both", busy, idle)
	}
	if got := r.Power(from, from); len(got) != 0 && got[0].TUnixNS != from {
		t.Errorf("an empty interval has rows %+v", got)
	}
}
