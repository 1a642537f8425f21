package load_test

import (
	"encoding/json"
	"fmt"
	"io"
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

// A server that writes two answers to some requests has each request timed by its own: nothing is answered before the
// server has begun to work on it. What it wrote too much is counted.
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
		if ttft := time.Duration(*r.TFirstToken - r.TSend); r.Status != "ok" || r.StaleRetries != 0 || ttft < works {
			t.Errorf("request %d: %s (%s) with its first token after %v", r.Index, r.Status, r.Error, ttft)
		}
	}
	text, err := os.ReadFile(filepath.Join(task.Dir, measured.LoadFile))
	var facts measured.Load
	if err != nil || json.Unmarshal(text, &facts) != nil || facts.Client.Unsolicited != 2 {
		t.Errorf("%d counted (%v)", facts.Client.Unsolicited, err)
	}
}
