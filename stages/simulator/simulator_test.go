package simulator_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// running is a server on a loopback socket.
type running struct {
	*simtest.Server
	client *http.Client
}

// start serves until the test ends. Speed 50 unless the configuration says otherwise.
func start(t testing.TB, cfg simulator.Config) *running {
	t.Helper()
	if cfg.Model == "" {
		cfg.Model = "Qwen/Qwen3-8B-FP8"
	}
	if cfg.Speed == 0 {
		cfg.Speed = 50
	}
	return connect(t, simtest.Start(t, cfg))
}

// connect gives a server a client of its own.
func connect(t testing.TB, s *simtest.Server) *running {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return &running{Server: s, client: &http.Client{Transport: transport}}
}

// do sends a request and returns the answer, whose body is closed with the test.
func (r *running) do(t testing.TB, method, path, body string, header ...string) *http.Response {
	t.Helper()
	resp, err := r.try(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (r *running) try(ctx context.Context, method, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.client.Do(req)
}

// text sends a request and returns the whole answer.
func (r *running) text(t testing.TB, method, path, body string) (int, string) {
	t.Helper()
	resp := r.do(t, method, path, body)
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// event is one chunk of a stream, chat or not.
type event struct {
	ID      string `json:"id"`
	Model   string `json:"model"`
	Object  string `json:"object"`
	Choices []struct {
		Index        int     `json:"index"`
		FinishReason *string `json:"finish_reason"`
		Text         string  `json:"text"`
		Delta        struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"delta"`
	} `json:"choices"`
	Usage *usage `json:"usage"`
	Error *struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
	} `json:"error"`
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
	Details    struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

// streamed is a stream that has been read.
type streamed struct {
	raw         []string // the data of each event
	events      []event
	texts       []string
	reason      string
	usage       *usage
	done        bool // [DONE] came
	failure     string
	first, last time.Time // of text
}

// readStream reads to the end; an error is the transport's.
func readStream(body io.Reader) (streamed, error) {
	var s streamed
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			if lines.Text() != "" {
				return s, fmt.Errorf("line %q is no event", lines.Text())
			}
			continue
		}
		s.raw = append(s.raw, data)
		if data == "[DONE]" {
			s.done = true
			continue
		}
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return s, fmt.Errorf("event %q: %w", data, err)
		}
		s.add(e)
	}
	return s, lines.Err()
}

func (s *streamed) add(e event) {
	s.events = append(s.events, e)
	if e.Usage != nil {
		s.usage = e.Usage
	}
	if e.Error != nil {
		s.failure = e.Error.Message
	}
	for _, c := range e.Choices {
		if text := c.Text + c.Delta.Content; text != "" {
			s.texts = append(s.texts, text)
			s.last = time.Now()
			if s.first.IsZero() {
				s.first = s.last
			}
		}
		if c.FinishReason != nil {
			s.reason = *c.FinishReason
		}
	}
}

// chat is the body of a streaming chat of this many prompt words.
func chat(words, maxTokens int, more string) string {
	return fmt.Sprintf(`{"model":"Qwen/Qwen3-8B-FP8","stream":true,"stream_options":{"include_usage":true},"ignore_eos":true,"max_tokens":%d,`+
		`"messages":[{"role":"user","content":%q}]%s}`, maxTokens, strings.Repeat(" badoku", words), more)
}

// stream sends a chat and reads the answer to its end.
func (r *running) stream(t testing.TB, path, body string) streamed {
	t.Helper()
	resp := r.do(t, "POST", path, body)
	if resp.StatusCode != http.StatusOK {
		data, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d: %s", resp.StatusCode, data)
	}
	s, err := readStream(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lines decodes JSON lines.
func lines[T any](t testing.TB, text string) []T {
	t.Helper()
	var out []T
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	for dec.More() {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}
