package endpoint_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/endpoint"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

const repo = "Qwen/Qwen3-8B-FP8"

var qwen = stage.Deployment{Model: stage.Model{Repo: repo}, GPUType: "H100", GPUs: 2}

// acquire takes the endpoint that a provider block in HCL names.
func acquire(t *testing.T, hcl string, d stage.Deployment, getenv func(string) string) (stage.Live, error) {
	t.Helper()
	return acquireIn(t, deploytest.Env(getenv), hcl, d)
}

func acquireIn(t *testing.T, env stage.Env, hcl string, d stage.Deployment) (stage.Live, error) {
	t.Helper()
	_, live, err := deploytest.Acquire(t, env, endpoint.New(), hcl, stage.DeployConfig{Deployment: d})
	return live, err
}

func TestProvider(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Subject {
		server := simtest.Start(t, simulator.Config{Model: repo, GPUs: 2})
		return deploytest.Subject{
			Provider:   endpoint.New(),
			Args:       `url = "` + server.URL + `"`,
			Deployment: qwen,
		}
	})
}

// A simulated server is known as such behind a plain URL too: nothing that is measured on it may pass for real.
func TestSimulatedServerIsRecognised(t *testing.T) {
	server := simtest.Start(t, simulator.Config{Model: repo, GPUs: 2, Speed: 4})
	live, err := acquire(t, `url = "`+server.URL+`/v1/"`, qwen, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := live.Endpoint()
	want := server.Endpoint()
	want.Borrowed, want.RTTSeconds = true, e.RTTSeconds
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("endpoint (-want +got):\n%s", diff)
	}
	if len(e.GPUs) != 2 || !strings.Contains(e.GPUs[1].Name, "H100") || e.GPUs[1].Index != 1 || e.GPUs[1].UUID == "" {
		t.Errorf("GPUs = %+v; want two H100", e.GPUs)
	}
	if e.Clock.EpochUnixNS == 0 {
		t.Error("the simulated clock has no epoch")
	}
}

func TestURLPerGPUCount(t *testing.T) {
	p := endpoint.New()
	args, err := blocktest.Parse(p.Body(), `url = "https://acme--vllm-serve-{gpus}gpu.modal.run"`)
	if err != nil {
		t.Fatal(err)
	}
	for gpus, want := range map[int]string{1: "https://acme--vllm-serve-1gpu.modal.run", 4: "https://acme--vllm-serve-4gpu.modal.run"} {
		h := deploy.Handle{Scope: deploy.Scope{Args: args}, Deployment: stage.Deployment{GPUs: gpus}}
		status, err := p.Inspect(t.Context(), h)
		if err != nil || status.Server.URL != want {
			t.Errorf("%d GPUs: %+v, %v; want %s", gpus, status.Server, err, want)
		}
	}
}

func TestBadURL(t *testing.T) {
	for url, want := range map[string]string{
		"localhost:8000":         `no address of a server; write it as "http://host:8000"`,
		"http://{host}:8000":     "only {gpus} can stand in a URL",
		"ftp://files.localhost":  "no address of a server",
		"http://me:pw@localhost": "the URL holds a name or a password",
	} {
		if _, err := blocktest.Parse(endpoint.New().Body(), `url = "`+url+`"`); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("url %q: %v; want %q", url, err, want)
		}
	}
}

// fake answers as a server of some engine does.
func fake(t *testing.T, answers map[string]string, header http.Header) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		if key := answers["key"]; key != "" && r.Header.Get("Authorization") != "Bearer "+key {
			http.Error(w, `{"error":"Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		if want := answers["header X-Secret"]; r.Header.Get("X-Secret") != want {
			http.Error(w, "wrong X-Secret", http.StatusForbidden)
			return
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// openai is the least that a server must answer.
func openai(more map[string]string) map[string]string {
	answers := map[string]string{
		"/health":         "",
		"/v1/models":      `{"object":"list","data":[{"id":"` + repo + `"}]}`,
		"/v1/completions": `{"choices":[{"text":" Paris"}]}`,
	}
	for path, body := range more {
		answers[path] = body
	}
	return answers
}

func TestFailures(t *testing.T) {
	wrongModel := openai(map[string]string{"/v1/models": `{"data":[{"id":"a"},{"id":"b"}]}`})
	tests := map[string]struct {
		answers map[string]string
		hcl     string
		getenv  map[string]string
		reason  string
		want    []string
	}{
		"another model": {wrongModel, "", nil, "identity_mismatch", []string{`serves "a", "b", not "Qwen/Qwen3-8B-FP8"`, "set the provider's model to a name that it serves"}},
		"another name":  {openai(nil), `model = "qwen"`, nil, "identity_mismatch", []string{`serves "Qwen/Qwen3-8B-FP8", not "qwen"`}},
		"no model":      {openai(map[string]string{"/v1/models": `{"data":[]}`}), "", nil, "identity_mismatch", []string{"serves no model, not"}},
		"no list":       {openai(map[string]string{"/v1/models": `<html>`}), "", nil, "error", []string{"the answer is no list of models"}},
		"no completion": {openai(map[string]string{"/v1/completions": `{"choices":[]}`}), "", nil, "no_completion", []string{`a first request to model "Qwen/Qwen3-8B-FP8"`, "the answer has no choices"}},
		"key not set":   {openai(nil), `api_key_env = "ACME_KEY"`, nil, "api_key_missing", []string{"environment variable ACME_KEY is empty", "api_key_env"}},
		"no header":     {openai(nil), `header_env = { X-Secret = "TEAM_SECRET" }`, nil, "header_missing", []string{"environment variable TEAM_SECRET is empty", "value of header X-Secret (header_env)"}},
		"key not given": {openai(map[string]string{"key": "sesame"}), "", nil, "unauthorized", []string{"401 Unauthorized", "give the endpoint's key as api_key_env"}},
		"wrong key":     {openai(map[string]string{"key": "sesame"}), `api_key_env = "ACME_KEY"`, map[string]string{"ACME_KEY": "abracadabra"}, "unauthorized", []string{"401"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			hcl := `url = "` + fake(t, test.answers, nil) + `"` + "\n" + test.hcl
			_, err := acquire(t, hcl, qwen, func(name string) string { return test.getenv[name] })
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %q\nwant it to say %q", err, want)
				}
			}
			if got := stage.ReasonOf(err); got != test.reason {
				t.Errorf("reason = %s, want %s", got, test.reason)
			}
			if key := test.getenv["ACME_KEY"]; key != "" && strings.Contains(err.Error(), key) {
				t.Errorf("error shows the key: %q", err)
			}
		})
	}
}

// Headers in clear can route, so they are keyed. What env gives is known by its variable alone, wherever it is written down.
func TestKeysOfHeaders(t *testing.T) {
	body := endpoint.New().Body()
	args, err := blocktest.Parse(body, `url = "http://h"
		headers    = { X-Team = "a" }
		header_env = { X-Secret = "TEAM_SECRET" }`)
	if err != nil {
		t.Fatal(err)
	}
	keyed, err := block.CanonicalJSON(body.Keyed(args))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(keyed); !strings.Contains(text, `"headers":{"X-Team":"a"}`) || strings.Contains(text, "X-Secret") {
		t.Errorf("keyed: %s; want headers and not header_env", text)
	}
}

func TestKeyAndHeadersAreSent(t *testing.T) {
	answers := openai(map[string]string{"key": "sesame", "header X-Secret": "tahini"})
	getenv := func(name string) string {
		return map[string]string{"ACME_KEY": "sesame", "TEAM_SECRET": "tahini"}[name]
	}
	live, err := acquire(t, `url = "`+fake(t, answers, nil)+`"
		api_key_env = "ACME_KEY"
		headers     = { X-Team = "bench" }
		header_env  = { X-Secret = "TEAM_SECRET" }`, qwen, getenv)
	if err != nil {
		t.Fatal(err)
	}
	e := live.Endpoint()
	if diff := cmp.Diff(map[string]string{"X-Team": "bench", "X-Secret": "tahini"}, e.Headers); e.APIKeyEnv != "ACME_KEY" || diff != "" {
		t.Errorf("key in %s, headers (-want +got):\n%s", e.APIKeyEnv, diff)
	}
	if text, _ := json.Marshal(e); strings.Contains(string(text), "sesame") {
		t.Errorf("the endpoint holds the key: %s", text)
	}
	if record := string(live.Record().Config); strings.Contains(record, "tahini") || !strings.Contains(record, "TEAM_SECRET") {
		t.Errorf("the record should hold the header's variable alone: %s", record)
	}
}

func TestArguments(t *testing.T) {
	for name, test := range map[string]struct{ hcl, want string }{
		"a port that is none":          {`url = "http://h:70000"`, `"http://h:70000" has port 70000: ports go from 1 to 65535`},
		"port 0":                       {`url = "http://h:0"`, `"http://h:0" has port 0: ports go from 1 to 65535`},
		"a name with a blank":          {`headers = { "X Tenant" = "a" }`, `"headers": "X Tenant" is no name of a header: it has letters, digits and dashes, as in "X-Tenant"`},
		"a value of two lines":         {`headers = { X-Tenant = "a\nHost: b" }`, `"headers": X-Tenant: the value has a line break; headers have none`},
		"a secret's name with a colon": {`header_env = { "X-Key:" = "KEY" }`, `"header_env": "X-Key:" is no name of a header`},
		"a key for a name":             {`header_env = { X-Key = "sk-abcdefgh" }`, `"header_env": X-Key: this is no name of an environment variable.`},
		"a GPU twice":                  {`gpu_ids = ["0", "0"]`, `"gpu_ids": GPU 0 stands in it twice: name each once`},
		"what is right":                {"headers = { X-Tenant = \"a\" }\nheader_env = { X-Key = \"KEY\" }", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.HasPrefix(test.hcl, "url") {
				test.hcl += "\nurl = \"http://h:8000\""
			}
			_, err := blocktest.Parse(endpoint.New().Body(), test.hcl)
			if got := fmt.Sprint(err); (err != nil) != (test.want != "") || !strings.Contains(got, test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
