package simulator_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

func TestStartup(t *testing.T) {
	var passed atomic.Int64 // wall time since the start, as the test says
	began := time.Now()
	r := start(t, simulator.Config{
		Speed: 20, StartupSeconds: 6, Now: func() time.Time { return began.Add(time.Duration(passed.Load())) },
	})
	passed.Store(int64(299 * time.Millisecond))
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/health", ""}, {"GET", "/v1/models", ""}, {"POST", "/v1/chat/completions", chat(1, 1, "")},
	} {
		if status, body := r.text(t, c.method, c.path, c.body); status != 503 || !strings.Contains(body, "The model is still loading.") {
			t.Errorf("%s while starting: %d %s", c.path, status, body)
		}
	}
	if r.Info().Ready {
		t.Error("info says ready")
	}
	passed.Store(int64(300 * time.Millisecond))
	if status, _ := r.text(t, "GET", "/health", ""); status != 200 {
		t.Errorf("/health after 6 simulated seconds: %d", status)
	}
	info := r.Info()
	if !info.Ready {
		t.Error("info says not ready")
	}
	rows := r.Power(0, info.EpochUnixNS+59e8)
	if len(rows) != 60 || rows[59].MemUsedBytes != 0 || math.Abs(rows[59].PowerAvgW/70-1) > .2 {
		t.Errorf("%d rows, the last one %+v: want 60 at the bare idle power", len(rows), rows[len(rows)-1])
	}
}

func TestCancelFreesThePlace(t *testing.T) {
	r := start(t, simulator.Config{MaxNumSeqs: 1})
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := r.try(ctx, "POST", "/v1/chat/completions", chat(3, 30000, ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	// The only place is taken until the server has noticed.
	if s := r.stream(t, "/v1/chat/completions", chat(3, 2, "")); !s.done {
		t.Error("the second stream did not end")
	}
	m := r.metrics(t)
	if m["vllm:num_requests_running"] != 0 || m[`vllm:request_success_total{abort}`] != 1 {
		t.Errorf("metrics %v: want nothing running and one abort", m)
	}
	if rec := r.Requests(); rec[0].Outcome != "cancelled" || rec[0].Chunks < 1 {
		t.Errorf("record %+v: want it cancelled after some chunks", rec[0])
	}
}

func TestNoGoroutineOutlivesServe(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := simulator.New(simulator.Config{Model: model})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport, ended := &http.Transport{}, make(chan error, 1)
	r := &running{Server: &simtest.Server{Server: s, URL: "http://" + ln.Addr().String()}, client: &http.Client{Transport: transport}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- s.Serve(ctx, ln) }()
	cut := make(chan error, 8)
	for range 8 {
		resp, err := r.try(t.Context(), "POST", "/v1/chat/completions", chat(3, 30000, ""))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			cut <- err
		}()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v, want nil after its context ended", err)
	}
	for range 8 {
		if err := <-cut; err == nil {
			t.Error("a stream in flight ended as if it were whole")
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	transport.CloseIdleConnections()
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > before {
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after:\n%s", before, now, buf[:runtime.Stack(buf, true)])
	}
	if err := s.Serve(t.Context(), ln); err == nil || err.Error() != "simulator: Serve is called a second time" {
		t.Errorf("second Serve: %v", err)
	}
}

func TestCloseBeforeServe(t *testing.T) {
	s, err := simulator.New(simulator.Config{Model: model})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), ln); err != nil {
		t.Errorf("Serve after Close: %v, want nil at once", err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v", err)
	}
}

// A client of HTTP/2 needs no TLS: it begins with the preface, and its requests share a connection.
func TestSecondHTTP(t *testing.T) {
	r := start(t, simulator.Config{})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	second := &http.Transport{Protocols: protocols}
	r.client = &http.Client{Transport: second}
	t.Cleanup(second.CloseIdleConnections)
	resp := r.do(t, "POST", "/v1/chat/completions", chat(8, 16, ""))
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || resp.Proto != "HTTP/2.0" || strings.Count(string(text), "data: ") < 16 || !strings.HasSuffix(string(text), "data: [DONE]\n\n") {
		t.Errorf("HTTP %d by %s, %v:\n%s", resp.StatusCode, resp.Proto, err, text)
	}
}
