package load_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// A server that writes two answers to some requests has each request timed by its own: nothing is answered
// before the server has begun to work on it. What it wrote too much is counted.
func TestAServerThatAnswersTwice(t *testing.T) {
	const works = 20 * time.Millisecond // for so long, or longer, on each answer
	var asked atomic.Int64
	right := &scribe{sent: map[string]string{}, head: map[string]http.Header{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-Id") == "" { // a probe
			right.ServeHTTP(w, r)
			return
		}
		<-time.After(works)
		if asked.Add(1)%6 != 0 {
			right.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		right.ServeHTTP(answer, r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		text := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", answer.Body.Len(), answer.Body)
		_, _ = io.WriteString(conn, text+text)
		_, _ = io.Copy(io.Discard, conn)
	}))
	defer server.Close()
	cfg := cell(2)
	cfg.Workload.Requests = 12
	task := task(t, stage.Endpoint{URL: server.URL, Model: "m"}, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows(t, task.Dir) {
		ttft := time.Duration(*r.TFirstToken - r.TSend)
		if r.Status != "ok" || r.StaleRetries != 0 || ttft < works {
			t.Errorf("request %d: %s (%s) with its first token after %v", r.Index, r.Status, r.Error, ttft)
		}
	}
	if client := facts(t, task.Dir).Client; client.Unsolicited != 2 {
		t.Errorf("%d counted", client.Unsolicited)
	}
}

// A server whose second answer comes when the next request is out has that one answered by it, and from
// then on each by the one before. What it owes at the end shows it.
func TestAServerThatIsOneAnswerBehind(t *testing.T) {
	right := &scribe{sent: map[string]string{}, head: map[string]http.Header{}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var before []byte // the last answer: one user has one connection
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-Id") == "" {
			right.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		for n := 1; err == nil; n++ {
			answer := httptest.NewRecorder()
			right.ServeHTTP(answer, r)
			text := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s",
				answer.Body.Len(), answer.Body)
			if n == 1 {
				_, _ = conn.Write(text)
			} else {
				_, _ = conn.Write(before)
			}
			before = text
			r, err = http.ReadRequest(in)
		}
		_, _ = conn.Write(before)
	})}
	serving := make(chan error)
	go func() { serving <- server.Serve(ln) }()
	defer func() {
		server.Close()
		<-serving
	}()
	cfg := cell(1)
	cfg.Workload.Requests = 12
	task := task(t, stage.Endpoint{URL: "http://" + ln.Addr().String(), Model: "m"}, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	if client := facts(t, task.Dir).Client; client.Unsolicited != 1 {
		t.Errorf("%d counted, want the connection that owed an answer", client.Unsolicited)
	}
}

// facts reads load.json.
func facts(t *testing.T, dir string) (facts measured.Load) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, measured.LoadFile))
	if err == nil {
		err = json.Unmarshal(text, &facts)
	}
	if err != nil {
		t.Fatal(err)
	}
	return facts
}
