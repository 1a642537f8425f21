package simulator_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

// captures holds answers of llm-d's vLLM simulator beside the curl commands that they are to.
const captures = "../client/testdata/captures"

// meant are the differences in shape between the captures and the simulator that are on purpose. Everything else is alike: status, kind of body,
// the order of a stream's events, and of each body or event the fields and their types.
var meant = []struct {
	why      string
	captures []string
	diff     []string // by the event's place: "-" is in the capture alone, "+" in the simulator alone
}{
	{
		"vLLM itself sends the role with an empty content",
		[]string{"sim-chat-usage", "sim-chat-eos48", "sim-chat-maxcompl", "sim-chat-nomax", "sim-chat-logprobs", "sim-err-mid-SIGKILL"},
		[]string{"1 + choices[].delta.content string"},
	},
	{
		"vLLM itself has the field usage in no stream that did not ask for it",
		[]string{"sim-chat-logprobs"},
		[]string{"1 - usage null", "2 - usage null", "3 - usage null"},
	},
	{
		"log probabilities are not simulated",
		[]string{"sim-chat-logprobs"},
		[]string{
			"2 - choices[].logprobs.content[].bytes[] number", "2 - choices[].logprobs.content[].logprob number",
			"2 - choices[].logprobs.content[].token string", "2 - choices[].logprobs.content[].top_logprobs[].bytes[] number",
			"2 - choices[].logprobs.content[].top_logprobs[].logprob number", "2 - choices[].logprobs.content[].top_logprobs[].token string",
		},
	},
	{
		"vLLM refuses a chat without messages",
		[]string{"sim-err-nomessages"},
		[]string{
			"0 + 400 application/json", "0 - 200 text/event-stream",
			"1 + error.code number", "1 + error.message string", "1 + error.param string", "1 + error.type string",
			"1 - choices[].delta.role string", "1 - choices[].finish_reason null", "1 - choices[].index number", "1 - created number", "1 - id string",
			"1 - model string", "1 - object string", "1 - usage null",
			"2 - choices[].delta.content string", "2 - choices[].finish_reason null", "2 - choices[].index number", "2 - created number", "2 - id string",
			"2 - model string", "2 - object string", "2 - usage null",
			"3 - choices[].delta {}", "3 - choices[].finish_reason string", "3 - choices[].index number", "3 - created number", "3 - id string",
			"3 - model string", "3 - object string", "3 - usage null",
			"4 - [DONE]",
		},
	},
	{
		"an error names the field that is wrong",
		[]string{"sim-err-badmodel", "sim-err-toolong", "sim-err-zeromax"},
		[]string{"1 + error.param string", "1 - error.param null"},
	},
	{
		"vLLM has an error object for what it does not serve, too",
		[]string{"sim-err-404"},
		[]string{
			"0 + 404 application/json", "0 - 404 text/plain",
			"1 + error.code number", "1 + error.message string", "1 + error.param null", "1 + error.type string", "1 - text",
		},
	},
	{
		"vLLM has an error object for what it does not serve, too",
		[]string{"sim-err-get"},
		[]string{
			"0 + 405 application/json", "0 - 405 text/plain",
			"1 + error.code number", "1 + error.message string", "1 + error.param null", "1 + error.type string", "1 - text",
		},
	},
	{
		"vLLM detokenizes",
		[]string{"sim-detokenize"},
		[]string{"0 + 200 application/json", "0 - 404 text/plain", "1 + prompt string", "1 - text"},
	},
}

// notReplayed are the captures that cannot be held against an answer of the simulator.
var notReplayed = map[string]string{
	"sim-metrics":                "TestMetricsOfTheCapture",
	"sim-metrics-loaded":         "TestMetricsOfTheCapture",
	"sim-health-ready-starting":  "vLLM has no such path",
	"sim-inject-context_length":  "an error at random: sim-err-toolong is the real one",
	"sim-inject-invalid_api_key": "an error at random: the simulator asks for no key",
	"sim-inject-model_not_found": "an error at random: sim-err-badmodel is the real one",
	"sim-inject-server_error":    "an error at random: TestRefusals arms the simulator's",
}

// TestCapturedAnswers sends the requests of the captures and compares the answers' shapes.
func TestCapturedAnswers(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(captures, "sim-*.txt"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d captures, %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		if notReplayed[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			cfg := simulator.Config{Model: "Qwen/Qwen3-8B-FP8", Served: []string{"llm"}, MaxModelLen: 8192, Speed: 1000}
			if name == "sim-err-mid-SIGKILL" {
				cfg.Faults = []simulator.Fault{{Kind: simulator.FaultDie, AfterChunks: 40}}
			}
			method, path, body := captured(t, name)
			answer := start(t, cfg).do(t, method, path, body, "Content-Type", "application/json")
			var want []string
			for _, m := range meant {
				if slices.Contains(m.captures, name) {
					want = append(want, m.diff...)
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, differences(shapeOfCapture(t, name), shapeOfAnswer(t, answer))); diff != "" {
				t.Errorf("differences in shape (-meant +found):\n%s", diff)
			}
		})
	}
}

// differences lists what only one of two answers has, by event.
func differences(a, b [][]string) []string {
	var out []string
	for i := range max(len(a), len(b)) {
		var left, right []string
		if i < len(a) {
			left = a[i]
		}
		if i < len(b) {
			right = b[i]
		}
		for _, field := range left {
			if !slices.Contains(right, field) {
				out = append(out, fmt.Sprintf("%d - %s", i, field))
			}
		}
		for _, field := range right {
			if !slices.Contains(left, field) {
				out = append(out, fmt.Sprintf("%d + %s", i, field))
			}
		}
	}
	slices.Sort(out)
	return out
}

func shapeOfCapture(t *testing.T, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(captures, name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ = bytes.Cut(text, []byte("### curl exit"))
	text, _, _ = bytes.Cut(text, []byte("\ncurl: ")) // which has taken the chunks of a stream apart already, and says so where one was cut
	text = bytes.Replace(text, []byte("Transfer-Encoding: chunked\r\n"), nil, 1)
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return shapeOfAnswer(t, answer)
}

// shapeOfAnswer returns the status and the kind of the body, and then the fields of the body or of each event of the stream. Events that
// follow one of the same shape count once.
func shapeOfAnswer(t *testing.T, answer *http.Response) [][]string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil && len(body) > 0 {
		t.Fatal(err)
	}
	status := fmt.Sprint(answer.StatusCode)
	switch {
	case len(body) == 0:
		return [][]string{{status}}
	case kind == "application/json":
		return [][]string{{status + " " + kind}, shapeOfJSON(t, body)}
	case kind != "text/event-stream":
		return [][]string{{status + " " + kind}, {"text"}}
	}
	out := [][]string{{status + " " + kind}}
	for line := range strings.Lines(string(body)) {
		data, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: ")
		switch {
		case !ok:
		case data == "[DONE]":
			out = append(out, []string{data})
		default:
			if event := shapeOfJSON(t, []byte(data)); !slices.Equal(event, out[len(out)-1]) {
				out = append(out, event)
			}
		}
	}
	return out
}

// shapeOfJSON returns every field's path and type, sorted; fields of an array's elements are those of all of them together.
func shapeOfJSON(t *testing.T, data []byte) []string {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	var out []string
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, field := range v {
				visit(strings.TrimPrefix(path+"."+name, "."), field)
			}
			if len(v) == 0 {
				out = append(out, path+" {}")
			}
		case []any:
			for _, element := range v {
				visit(path+"[]", element)
			}
			if len(v) == 0 {
				out = append(out, path+" []")
			}
		case nil:
			out = append(out, path+" null")
		case float64:
			out = append(out, path+" number")
		default:
			out = append(out, fmt.Sprintf("%s %T", path, v))
		}
	}
	visit("", value)
	slices.Sort(out)
	return slices.Compact(out)
}

// captured reads a request off its curl command.
func captured(t *testing.T, name string) (method, path, body string) {
	t.Helper()
	if name == "sim-err-toolong" { // its command is cut short
		words := strings.Repeat("word ", 20000)
		return "POST", "/v1/chat/completions", `{"model":"llm","messages":[{"role":"user","content":"` + words + `"}],"stream":true,"max_tokens":4}`
	}
	text, err := os.ReadFile(filepath.Join(captures, name+".cmd"))
	if err != nil {
		t.Fatal(err)
	}
	args := shellWords(string(text))
	method = "GET"
	for i, arg := range args {
		switch {
		case arg == "-d":
			method, body = "POST", args[i+1]
		case strings.HasPrefix(arg, "http://"):
			_, path, _ = strings.Cut(strings.TrimPrefix(arg, "http://"), "/")
		}
	}
	return method, "/" + path, body
}

// shellWords splits a command whose words are quoted by backslashes alone.
func shellWords(command string) []string {
	var words []string
	var word strings.Builder
	quoted := false
	for _, r := range strings.TrimSpace(command) + " " {
		switch {
		case quoted:
			word.WriteRune(r)
			quoted = false
		case r == '\\':
			quoted = true
		case r == ' ' && word.Len() > 0:
			words = append(words, word.String())
			word.Reset()
		case r != ' ':
			word.WriteRune(r)
		}
	}
	return words
}
