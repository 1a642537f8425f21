package client

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// reading is what of a row follows from the bytes alone. -1 stands for null.
type reading struct {
	Status string
	HTTP   int32
	Finish string
	OSL    int32
	Source string
	ISL    int32
	Cached int32
	Chunks int32
	Bytes  int64
	Error  string
}

func readingOf(row table.Request) reading {
	orNull := func(p *int32) int32 {
		if p == nil {
			return -1
		}
		return *p
	}
	return reading{
		row.Status, row.HTTPStatus, row.FinishReason, orNull(row.OSL), row.TokenSource,
		orNull(row.ISL), orNull(row.CachedTokens), row.Chunks, row.OutputBytes, row.Error,
	}
}

// readings are what the captures of answers say, read off them by eye and by another program.
var readings = map[string]reading{
	// llama.cpp: a role-only chunk with null content first; usage in a chunk with empty choices, for chat, and on the finish chunk, for completions.
	"llama-chat-eos48.txt":    {"ok", 200, "length", 48, "usage", 23, 11, 48, 236, ""},
	"llama-chat-maxcompl.txt": {"ok", 200, "length", 6, "usage", 28, 27, 6, 27, ""},
	"llama-chat-nomax.txt":    {"ok", 200, "stop", 104, "usage", 23, 22, 103, 520, ""}, // the end of sequence is counted but has no chunk
	"llama-chat-usage.txt":    {"ok", 200, "stop", 3, "usage", 28, 0, 2, 10, ""},
	"llama-compl-eos48.txt":   {"ok", 200, "length", 48, "usage", 6, 5, 48, 231, ""},
	"llama-compl-tokenids.txt": {
		"ok", 200, "length", 4, "usage", 7, 0, 4, 20, "",
	},
	"llama-compl-usage.txt": {"ok", 200, "length", 6, "usage", 11, 2, 6, 40, ""},
	"llama-raw-chat.bin":    {"ok", 200, "length", 8, "usage", 23, 0, 8, 35, ""},
	"llama-raw-compl.bin":   {"ok", 200, "length", 8, "usage", 6, 2, 8, 35, ""},
	// Without include_usage.
	"llama-chat-logprobs.txt": {"ok", 200, "length", 3, "chunks", -1, -1, 3, 13, ""},
	"llama-chat-timings.txt":  {"ok", 200, "length", 4, "chunks", -1, -1, 4, 10, ""}, // three role-only chunks, two of them progress
	"llama-err-badmodel.txt":  {"ok", 200, "length", 4, "chunks", -1, -1, 4, 16, ""}, // the model's name is passed over
	"llama-err-zeromax.txt":   {"ok", 200, "length", 1, "chunks", -1, -1, 1, 5, ""},
	// llm-d's simulator: "usage":null in every chunk.
	"sim-chat-eos48.txt":     {"ok", 200, "length", 48, "usage", 7, 0, 48, 154, ""},
	"sim-chat-maxcompl.txt":  {"ok", 200, "stop", 2, "usage", 11, 0, 2, 9, ""},
	"sim-chat-nomax.txt":     {"ok", 200, "stop", 78, "usage", 7, 0, 78, 238, ""},
	"sim-chat-usage.txt":     {"ok", 200, "length", 6, "usage", 11, 0, 6, 20, ""},
	"sim-compl-eos48.txt":    {"ok", 200, "length", 48, "usage", 2, 0, 48, 218, ""},
	"sim-compl-tokenids.txt": {"ok", 200, "stop", 1, "usage", 7, 0, 1, 7, ""},
	"sim-compl-usage.txt":    {"ok", 200, "stop", 1, "usage", 6, 0, 1, 4, ""},
	"sim-raw-chat.bin":       {"ok", 200, "length", 8, "usage", 7, 0, 8, 22, ""},
	"sim-raw-compl.bin":      {"ok", 200, "length", 8, "usage", 2, 0, 8, 22, ""},
	"sim-chat-logprobs.txt":  {"ok", 200, "length", 3, "chunks", -1, -1, 3, 11, ""},
	"sim-err-nomessages.txt": {"ok", 200, "stop", 59, "chunks", -1, -1, 59, 261, ""},
	// The server was killed.
	"llama-err-mid-SIGKILL.txt": {"truncated", 200, "", 589, "chunks", -1, -1, 589, 2855, "the connection broke after 589 chunks: unexpected EOF"},
	"sim-err-mid-SIGKILL.txt":   {"truncated", 200, "", 45, "chunks", -1, -1, 45, 164, "the connection broke after 45 chunks: unexpected EOF"},
	// One document to a request for a stream: its usage is kept, but it has no time to the first token.
	"llama-chat-nostream.txt": {
		"stream_error", 200, "length", 6, "usage", 28, 27, 0, 36,
		"the server answered one JSON document (application/json; charset=utf-8) to a request for a stream",
	},
	"sim-chat-nostream.txt": {
		"stream_error", 200, "stop", 4, "usage", 11, 0, 0, 24,
		"the server answered one JSON document (application/json) to a request for a stream",
	},
	// Refusals.
	"llama-err-404.txt": {"http_error", 404, "", -1, "none", -1, -1, 0, 0, "HTTP 404: File Not Found"},
	"llama-err-get.txt": {"http_error", 404, "", -1, "none", -1, -1, 0, 0, "HTTP 404: File Not Found"},
	"llama-err-badjson.txt": {
		"http_error", 500, "", -1, "none", -1, -1, 0, 0,
		"HTTP 500: [json.exception.parse_error.101] parse error at line 1, column 42: syntax error while parsing object - unexpected end of input; expected '}'",
	},
	"llama-err-nomessages.txt": {"http_error", 400, "", -1, "none", -1, -1, 0, 0, "HTTP 400: 'messages' is required"},
	"llama-err-toolong.txt": {
		"http_error", 400, "", -1, "none", -1, -1, 0, 0,
		"HTTP 400: request (3020 tokens) exceeds the available context size (1024 tokens), try increasing it",
	},
	"sim-err-404.txt": {"http_error", 404, "", -1, "none", -1, -1, 0, 0, "HTTP 404: Not Found"},
	"sim-err-get.txt": {"http_error", 405, "", -1, "none", -1, -1, 0, 0, "HTTP 405: Method Not Allowed"},
	"sim-err-badjson.txt": {
		"http_error", 400, "", -1, "none", -1, -1, 0, 0, "HTTP 400: Failed to read and parse request body, unexpected end of JSON input",
	},
	"sim-err-badmodel.txt": {"http_error", 404, "", -1, "none", -1, -1, 0, 0, "HTTP 404: The model `no-such-model` does not exist."},
	"sim-err-toolong.txt": {
		"http_error", 400, "", -1, "none", -1, -1, 0, 0,
		"HTTP 400: This model's maximum context length is 8192 tokens. However, you requested 20009 tokens (20005 in the messages, 4 in the completion). Please reduce the length of the messages or completion",
	},
	"sim-err-zeromax.txt": {"http_error", 400, "", -1, "none", -1, -1, 0, 0, "HTTP 400: Max completion tokens and max tokens should be positive"},
	"sim-inject-context_length.txt": {
		"http_error", 400, "", -1, "none", -1, -1, 0, 0,
		"HTTP 400: This model's maximum context length is 4096 tokens. However, your messages resulted in 4500 tokens.",
	},
	"sim-inject-invalid_api_key.txt": {"http_error", 401, "", -1, "none", -1, -1, 0, 0, "HTTP 401 (name the variable that holds the endpoint's key in the provider's api_key_env): Incorrect API key provided."},
	"sim-inject-model_not_found.txt": {"http_error", 404, "", -1, "none", -1, -1, 0, 0, "HTTP 404: The model 'llm-nonexistent' does not exist"},
	"sim-inject-server_error.txt":    {"http_error", 503, "", -1, "none", -1, -1, 0, 0, "HTTP 503: The server is overloaded or not ready yet."},
}

// noCompletions are the captures that answer no completion: server_test.go and models_test.go read those that the client asks for.
var noCompletions = []string{
	"litellm-models.txt", "llama7-models.txt", "vllm032-models.txt",
	"both-err-refused.txt", "llama-detokenize.txt", "llama-health-loading.txt", "llama-health.txt", "llama-metrics.txt", "llama-models.txt",
	"llama-tokenize.txt", "sim-detokenize.txt", "sim-health-ready-starting.txt", "sim-health.txt", "sim-metrics-loaded.txt", "sim-metrics.txt",
	"sim-models.txt", "sim-tokenize.txt",
}

func TestCaptures(t *testing.T) {
	for name, want := range readings {
		t.Run(name, func(t *testing.T) {
			raw := capture(t, name)
			ways := map[string][][]byte{"one write": {raw}, "byte by byte": everyByte(raw)}
			if strings.HasSuffix(name, ".bin") {
				ways["as received"] = split(raw, readSizes(t, name))
			}
			for way, writes := range ways {
				server := newReplay(t, once(writes...))
				for carrier, c := range carriers(t, server.URL) {
					if diff := cmp.Diff(want, complete(t, c, hello)); diff != "" {
						t.Errorf("%s, %s: row (-want +got):\n%s", carrier, way, diff)
					}
				}
			}
		})
	}
}

// A capture without an expectation would test nothing.
func TestEveryCaptureIsRead(t *testing.T) {
	paths, err := filepath.Glob("testdata/captures/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("captures: %v, %v", paths, err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		_, read := readings[name]
		isAnswer := strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".bin")
		if isAnswer && !read && !slices.Contains(noCompletions, name) {
			t.Errorf("%s: no reading of it", name)
		}
	}
}

// Times come in the order of what they stand for, and the chunks lie between the first and the last of them.
func TestTimesAreOrdered(t *testing.T) {
	for _, name := range []string{"llama-chat-eos48.txt", "sim-raw-compl.bin"} {
		t.Run(name, func(t *testing.T) {
			server := newReplay(t, once(everyByte(capture(t, name))...))
			c := newClient(t, server.URL)
			call, err := c.Encode(hello)
			if err != nil {
				t.Fatal(err)
			}
			sched := c.clock.NowNS()
			row, chunks := c.Send(context.Background(), call, sched, nil)
			if row.Status != "ok" || len(chunks) != int(row.Chunks) {
				t.Fatalf("status %s (%s), %d chunks of %d", row.Status, row.Error, len(chunks), row.Chunks)
			}
			times := []int64{
				row.TSched, row.TSend, *row.THeaders, *row.TFirstEvent, *row.TFirstToken, *row.TFirstAnswer, chunks[len(chunks)-1].T, row.TDone,
			}
			if !slices.IsSorted(times) || *row.TFirstToken != chunks[0].T || *row.TLastToken != chunks[len(chunks)-1].T {
				t.Errorf("times %v, first %d, last %d", times, *row.TFirstToken, *row.TLastToken)
			}
			var total int64
			for i, chunk := range chunks {
				total += int64(chunk.Bytes)
				if int(chunk.Seq) != i || chunk.Kind != "content" || chunk.T < times[4] || chunk.T > times[6] {
					t.Errorf("chunk %d: %+v", i, chunk)
				}
			}
			if total != row.OutputBytes {
				t.Errorf("chunks hold %d bytes, the row says %d", total, row.OutputBytes)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	if _, err := os.Stat("testdata/captures/both-err-refused.txt"); err != nil {
		t.Fatal(err)
	}
	server := newReplay(t, once())
	server.ln.Close()
	got := complete(t, newClient(t, server.URL), hello)
	if got.Status != "http_error" || got.HTTP != 0 || !strings.HasSuffix(got.Error, "connect: connection refused") {
		t.Errorf("row: %+v", got)
	}
}
