package nullserver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/client/nullserver"
)

// TestMain lets this binary be the server's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "null-server" {
		os.Exit(nullserver.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func serve(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- new(nullserver.Server).Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

// ask returns the data of the events of an answer, and by what its body ended.
func ask(t *testing.T, url, path, id string, tokens int, order nullserver.Order) (code int, events []string, err error) {
	t.Helper()
	body, err := json.Marshal(struct {
		nullserver.Order
		Stream    bool  `json:"stream"`
		MaxTokens int   `json:"max_tokens"`
		Prompt    []int `json:"prompt"`
	}{order, true, tokens, []int{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Request-Id", id)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			events = append(events, data)
		}
	}
	return resp.StatusCode, events, lines.Err()
}

func TestAnswer(t *testing.T) {
	url := serve(t)
	for _, pace := range []nullserver.Order{{}, {TTFTMicros: 1}} {
		for path, delta := range map[string]string{"/v1/completions": `"text":" token"`, "/v1/chat/completions": `"delta":{"content":" token"}`} {
			for _, tokens := range []int{1, 2, 1000} {
				t.Run(fmt.Sprint(pace, path, tokens), func(t *testing.T) {
					code, events, err := ask(t, url, path, "a", tokens, pace)
					if err != nil || code != 200 || len(events) != tokens+3 {
						t.Fatalf("%d, %d events, %v", code, len(events), err)
					}
					for _, event := range events[:tokens] {
						if !strings.Contains(event, delta) || !json.Valid([]byte(event)) {
							t.Fatalf("event %s", event)
						}
					}
					want := fmt.Sprintf(`"usage":{"prompt_tokens":3,"completion_tokens":%d,"total_tokens":%d}`, tokens, tokens+3)
					if tail := events[tokens:]; !strings.Contains(tail[0], `"finish_reason":"length"`) || !strings.Contains(tail[1], want) || tail[2] != "[DONE]" {
						t.Errorf("tail %q", tail)
					}
				})
			}
		}
	}
}

// No token is written before its time, and a late one does not make the next ones late.
func TestPace(t *testing.T) {
	url := serve(t)
	const ttft, gap, tokens = 30 * time.Millisecond, 5 * time.Millisecond, 20
	order := nullserver.Order{TTFTMicros: ttft.Microseconds(), GapMicros: gap.Microseconds(), Stamp: true}
	if _, _, err := ask(t, url, "/v1/completions", "paced", tokens, order); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(t, url, "/v1/completions", "poured", tokens, nullserver.Order{Stamp: true}); err != nil {
		t.Fatal(err)
	}
	records, err := nullserver.Records(t.Context(), url)
	if err != nil || len(records) != 2 || records[0].ID != "paced" || len(records[0].Writes) != tokens || len(records[1].Writes) != tokens {
		t.Fatalf("%v, %v", records, err)
	}
	for i, written := range records[0].Writes {
		if due := records[0].Arrival + int64(ttft+time.Duration(i)*gap); written < due {
			t.Errorf("token %d was written %v early", i, time.Duration(due-written))
		}
	}
	if again, err := nullserver.Records(t.Context(), url); err != nil || len(again) != 0 {
		t.Errorf("the records are there again: %v, %v", again, err)
	}
}

func TestFaults(t *testing.T) {
	url := serve(t)
	for _, pace := range []int64{0, 100} {
		for _, test := range []struct {
			fault  nullserver.Fault
			after  int
			code   int
			events int
			want   error
		}{
			{nullserver.Refuse, 0, 500, 0, nil},
			{nullserver.Reset, 0, 0, 0, syscall.ECONNRESET},
			{nullserver.Close, 0, 0, 0, io.EOF},
			{nullserver.Close, 3, 200, 3, io.ErrUnexpectedEOF},
			{nullserver.Break, 3, 200, 4, nil},
		} {
			t.Run(fmt.Sprint(pace, test.fault, test.after), func(t *testing.T) {
				code, events, err := ask(t, url, "/v1/completions", "f", 10, nullserver.Order{GapMicros: pace, Fault: test.fault, After: test.after})
				if code != test.code || len(events) != test.events || !errors.Is(err, test.want) {
					t.Errorf("%d, %q, %v", code, events, err)
				}
			})
		}
	}
}

func TestCompare(t *testing.T) {
	records := []nullserver.Record{
		{ID: "b", Arrival: 1_001e6, Writes: []int64{1_101e6, 1_121e6}},
		{ID: "a", Arrival: 2e6, Writes: []int64{102e6, 122e6, 142e6}},
	}
	answers := []nullserver.Answer{
		{ID: "a", Send: 1e6, Tokens: []int64{103e6, 123e6, 150e6}},
		{ID: "b", Send: 1_000e6, Tokens: []int64{1_104e6, 1_121e6}},
	}
	got, err := nullserver.Compare(answers, records)
	want := nullserver.Figures{Tokens: 5, TTFTError: .003, LagP50: .001, LagP99: .003, GapP50: .020, GapP99: .020}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	answers[1].Tokens = answers[1].Tokens[:1]
	if _, err := nullserver.Compare(answers, records); err == nil || err.Error() != "answer b: the server wrote 2 tokens, the client read 1" {
		t.Error(err)
	}
}

func TestChild(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child, err := nullserver.Start(t.Context(), self, "null-server")
	if err != nil {
		t.Fatal(err)
	}
	if code, events, err := ask(t, child.URL, "/v1/completions", "c", 2, nullserver.Order{}); code != 200 || len(events) != 5 || err != nil {
		t.Errorf("%d, %q, %v", code, events, err)
	}
	if err := child.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := nullserver.Start(t.Context(), "/bin/sh", "-c", "exit 3"); err == nil || !strings.HasPrefix(err.Error(), "start the null server: it ended before it listened") {
		t.Error(err)
	}
}
