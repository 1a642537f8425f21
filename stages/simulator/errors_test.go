package simulator_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

func TestErrorsInVLLMsShape(t *testing.T) {
	r := start(t, simulator.Config{MaxModelLen: 100})
	chatPath, textPath := "/v1/chat/completions", "/v1/completions"
	user := `"messages":[{"role":"user","content":"hi"}]`
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		kind, message, param     string
	}{
		{"bad JSON", "POST", chatPath, `{"model":"m","messages":[{`, 400, "BadRequestError", "Failed to parse the request body: unexpected end of JSON input", ""},
		{"wrong type", "POST", chatPath, `{"model":"` + model + `","messages":7}`, 400, "BadRequestError", "Failed to parse the request body: json: cannot unmarshal number into Go struct field body.messages of type []openai.message", ""},
		{"no messages", "POST", chatPath, `{"model":"` + model + `"}`, 400, "BadRequestError", "messages must hold at least one message.", "messages"},
		{"an image", "POST", chatPath, `{"model":"` + model + `","messages":[{"role":"user","content":[{"type":"image_url"}]}]}`, 400, "BadRequestError", `Failed to parse the request body: content part of type "image_url": only text is served`, ""},
		{"role", "POST", chatPath, `{"model":"` + model + `","messages":[{"role":"wizard","content":"hi"}]}`, 400, "BadRequestError", `message 0: unknown role "wizard"`, "messages"},
		{"unknown model", "POST", chatPath, `{"model":"no-such-model","max_tokens":4,` + user + `}`, 404, "NotFoundError", "The model `no-such-model` does not exist.", "model"},
		{"too long", "POST", chatPath, `{"model":"` + model + `","max_tokens":95,` + user + `}`, 400, "BadRequestError", "This model's maximum context length is 100 tokens. However, you requested 101 tokens (6 in the messages, 95 in the completion). Please reduce the length of the messages or completion.", "messages"},
		{"zero max_tokens", "POST", chatPath, `{"model":"` + model + `","max_tokens":0,` + user + `}`, 400, "BadRequestError", "max_tokens must be at least 1, got 0.", "max_tokens"},
		{"min over max", "POST", chatPath, `{"model":"` + model + `","max_tokens":4,"min_tokens":5,` + user + `}`, 400, "BadRequestError", "min_tokens must be between 0 and max_tokens=4, got 5.", "min_tokens"},
		{"two choices", "POST", chatPath, `{"model":"` + model + `","n":2,` + user + `}`, 400, "BadRequestError", "n must be 1, got 2.", "n"},
		{"no prompt", "POST", textPath, `{"model":"` + model + `"}`, 400, "BadRequestError", "prompt must hold at least one token.", "prompt"},
		{"two prompts", "POST", textPath, `{"model":"` + model + `","prompt":["a","b"]}`, 400, "BadRequestError", "prompt holds 2 prompts: send a request for each.", "prompt"},
		{"neither text nor ids", "POST", textPath, `{"model":"` + model + `","prompt":[1,"b"]}`, 400, "BadRequestError", "prompt must be a string or an array of token ids: json: cannot unmarshal string into Go value of type int64", "prompt"},
		{"options of a stream", "POST", chatPath, `{"model":"` + model + `","stream_options":{"include_usage":true},` + user + `}`, 400, "BadRequestError", "Stream options can only be defined when `stream=True`.", "stream_options"},
		{"unknown model, too long", "POST", chatPath, `{"model":"no-such-model","max_tokens":95,` + user + `}`, 404, "NotFoundError", "The model `no-such-model` does not exist.", "model"},
		{"alien token", "POST", textPath, `{"model":"` + model + `","prompt":[1,-2]}`, 400, "BadRequestError", "Token id -2 is out of vocabulary", "prompt"},
		{"GET", "GET", chatPath, "", 405, "MethodNotAllowedError", "Method Not Allowed", ""},
		{"nothing there", "GET", "/v1/nothing", "", 404, "NotFoundError", "Not Found", ""},
		{"tokenize nothing", "POST", "/tokenize", `{}`, 400, "BadRequestError", "prompt or messages must be given.", "prompt"},
		{"detokenize", "POST", "/detokenize", `{"tokens":[-1]}`, 400, "BadRequestError", "token 0: id -1 is not in the vocabulary", "tokens"},
		{"power bounds", "GET", "/simulator/power?from_unix_ns=now", "", 400, "BadRequestError", `from_unix_ns must be an integer, got "now".`, "from_unix_ns"},
		{"unknown fault", "POST", "/simulator/faults", `{"kind":"stal"}`, 400, "BadRequestError", `unknown fault "stal"; did you mean "stall"?`, ""},
		{"misspelt setting", "POST", "/simulator/faults", `{"kind":"stall","stall_second":1}`, 400, "BadRequestError", `fault stall has no "stall_second". Did you mean "stall_seconds"?`, ""},
		{"another kind's setting", "POST", "/simulator/faults", `{"kind":"die","count":3}`, 400, "BadRequestError", `fault die has no "count". There is after_chunks, after_requests.`, ""},
		{"power of a GPU that is not there", "POST", "/simulator/faults", `{"kind":"power_gap","gpu":1}`, 400, "BadRequestError", "fault power_gap: there is no gpu 1: the server has 0 to 0", ""},
		{"clock without an offset", "POST", "/simulator/faults", `{"kind":"power_clock"}`, 400, "BadRequestError", "fault power_clock: offset_seconds is missing: by how much the clock is ahead, or behind if below zero", ""},
		{"no kind", "POST", "/simulator/faults", `{}`, 400, "BadRequestError", "a fault needs a kind: one of " + strings.Join(simulator.FaultKinds(), ", "), ""},
		{"negative fault", "POST", "/simulator/faults", `{"kind":"stall","count":-1}`, 400, "BadRequestError", "fault stall: count is -1: it must not be negative", ""},
		{"late startup fault", "POST", "/simulator/faults", `{"kind":"startup"}`, 400, "BadRequestError", "fault startup: the server has started; put it into the configuration, or ask while the server starts", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := r.text(t, c.method, c.path, c.body)
			var got struct {
				Error struct {
					Message, Type string
					Param         *string
					Code          int
				}
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			param := ""
			if got.Error.Param != nil {
				param = *got.Error.Param
			}
			want := []any{c.status, c.status, c.kind, c.message, c.param}
			if diff := cmp.Diff(want, []any{status, got.Error.Code, got.Error.Type, got.Error.Message, param}); diff != "" {
				t.Errorf("status, code, type, message, param (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  simulator.Config
		want string
	}{
		{"no model", simulator.Config{}, "simulator: no model is named"},
		{"unknown model", simulator.Config{Model: "gpt-5"}, `simulator: unknown model "gpt-5": the simulator knows Llama-3.1-70B, Llama-3.1-8B, Mistral-7B-v0.3, Qwen3-14B, Qwen3-32B, Qwen3-8B, Qwen3-8B-FP8; describe another, dense one by its architecture`},
		{"unknown gpu", simulator.Config{Model: model, GPUType: "TPU"}, `simulator: unknown GPU "TPU": the simulator knows A100-80G, B200, GB200, H100, H200, L4, L40S, MI300X, MI325X, MI355X; describe another by its board`},
		{"unknown profile", simulator.Config{Model: model, Profile: "fast"}, `simulator: unknown profile "fast": the simulator knows graphs, modal-eager, offline`},
		{"speed", simulator.Config{Model: model, Speed: -1}, "simulator: speed = -1: must be positive and finite"},
		{"NaN", simulator.Config{Model: model, Speed: math.NaN()}, "simulator: speed = NaN: must be positive and finite"},
		{"startup", simulator.Config{Model: model, StartupSeconds: -1}, "simulator: startup seconds = -1: must be positive and finite"},
		{"served", simulator.Config{Model: model, Served: []string{""}}, "simulator: a served name is empty"},
		{"fault", simulator.Config{Model: model, Faults: []simulator.Fault{{Kind: "x"}}}, `simulator: unknown fault "x": there is ` + strings.Join(simulator.FaultKinds(), ", ")},
		{"class", simulator.Config{Model: model, Faults: []simulator.Fault{{Kind: "startup", Class: "cuda_omm"}}}, `simulator: fault startup: unknown class "cuda_omm"; did you mean "cuda_oom"?`},
		{"engine", simulator.Config{Model: model, MaxNumSeqs: 9, MaxNumBatchedTokens: 8}, "simulator: engine: max_num_batched_tokens = 8 is below max_num_seqs = 9: a full batch could not decode one token each"},
		{"model len", simulator.Config{Model: model, MaxModelLen: 50000}, "simulator: max model length 50000 is over the 40960 tokens of Qwen3-8B-FP8; lower it"},
		{"kv cache", simulator.Config{Model: model, KVCapacityTokens: 1000, MaxModelLen: 1001}, "simulator: max model length 1001 is over the KV cache of 992 tokens; lower it or use more GPUs"},
		{"negative len", simulator.Config{Model: model, MaxModelLen: -1}, "simulator: max model length -1: must be positive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := simulator.New(c.cfg); err == nil || err.Error() != c.want {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}
