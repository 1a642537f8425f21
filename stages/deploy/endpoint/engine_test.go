package endpoint_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/endpoint"
)

func TestEngineIsDetected(t *testing.T) {
	tests := map[string]struct {
		answers         map[string]string
		header          http.Header
		kind            string // as the suite says
		engine, version string
	}{
		"vllm":       {openai(map[string]string{"/version": `{"version":"0.11.0"}`, "/metrics": "vllm:num_requests_running 0\n"}), nil, "", "vllm", "0.11.0"},
		"sglang":     {openai(map[string]string{"/get_server_info": `{"version":"0.5.4"}`}), nil, "", "sglang", "0.5.4"},
		"llama.cpp":  {openai(map[string]string{"/props": `{"build_info":"b4589-eb7cf15a"}`}), http.Header{"Server": {"llama.cpp"}}, "", "llamacpp", "b4589-eb7cf15a"},
		"unknown":    {openai(nil), nil, "", "unknown", ""},
		"stated":     {openai(nil), nil, "llama.cpp", "llamacpp", ""},
		"confirmed":  {openai(map[string]string{"/props": `{"build_info":"b1"}`}), nil, "llama.cpp", "llamacpp", "b1"},
		"denied":     {openai(map[string]string{"/get_server_info": `{"version":"0.5.4"}`}), nil, "vllm", "sglang", "0.5.4"},
		"no /health": {map[string]string{"/v1/models": openai(nil)["/v1/models"], "/v1/chat/completions": openai(nil)["/v1/completions"]}, nil, "", "unknown", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := qwen
			d.Engine.Kind = test.kind
			live, err := acquire(t, `url = "`+fake(t, test.answers, test.header)+`"`, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			if e := live.Endpoint(); e.Engine != test.engine || e.EngineVersion != test.version || e.Simulated || e.Power.Kind != "" {
				t.Errorf("endpoint = %+v; want %s %s", e, test.engine, test.version)
			}
		})
	}
}

// A label that the server does not bear out is told, since tables carry the suite's word for the engine.
func TestEngineIsAnotherThanTheSuiteSays(t *testing.T) {
	url := fake(t, openai(map[string]string{"/get_server_info": `{"version":"0.5.4"}`}), nil)
	d := qwen
	for kind, want := range map[string]string{
		"vllm":   "the suite says that the engine is vllm, and the server shows itself to be sglang: correct the engine's kind",
		"sglang": "",
	} {
		d.Engine.Kind = kind
		var notes strings.Builder
		env := deploytest.Env(nil)
		env.Log = slog.New(slog.NewTextHandler(&notes, nil))
		if _, err := acquireIn(t, env, `url = "`+url+`"`, d); err != nil {
			t.Fatal(err)
		}
		if got := notes.String(); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("kind %s: notes %q, want %q", kind, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	started := stage.Engine{Kind: "vllm", Image: "i", Command: []string{"c"}, Args: []string{"a"}, Env: map[string]string{"E": "e"}}
	tests := map[string]struct {
		engine stage.Engine
		hcl    string
		want   []stage.Problem
	}{
		"a label":   {stage.Engine{Kind: "tgi"}, `headers = { X-Team = "a" }`, nil},
		"no engine": {stage.Engine{}, "", nil},
		"args": {stage.Engine{Kind: "vllm", Args: []string{"--enforce-eager"}}, "", []stage.Problem{{
			Where: "engine", Summary: "Engine that is not started",
			Detail: "Provider endpoint measures a server that is there already and starts none: remove args from the engine.",
		}}},
		"all": {started, "", []stage.Problem{{
			Where: "engine", Summary: "Engine that is not started",
			Detail: "Provider endpoint measures a server that is there already and starts none: remove image and command and args and env from the engine.",
		}}},
		"a header twice": {stage.Engine{}, `headers = { x-team = "a" }
			header_env = { X-Team = "TEAM" }`, []stage.Problem{{
			Where: "provider", Summary: "Header given twice",
			Detail: "X-Team stands in headers and in header_env: keep the one in header_env if its value is a secret, or else the other.",
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			args, err := blocktest.Parse(endpoint.New().Body(), `url = "http://h"`+"\n"+test.hcl)
			if err != nil {
				t.Fatal(err)
			}
			d := qwen
			d.Engine = test.engine
			if diff := cmp.Diff(test.want, endpoint.New().Check(args, d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
