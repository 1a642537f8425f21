package load_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client/nullserver"
	"github.com/strangeloopio/inferencex/stages/load"
)

// make soak gives a million.
var soakRequests = flag.Int("soak", 20_000, "`requests` of the long load of TestSoak, at least 4,000; each of the others has a tenth")

// TestMain lets this binary be the null server's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "null-server" {
		os.Exit(nullserver.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

const (
	soakUsers = 64
	soakEvery = 40 // of so many requests one meets the fault
)

// A long load leaves nothing behind, and whatever a server does, each request is accounted for: attempted = ok + each failure.
func TestSoak(t *testing.T) {
	if raceEnabled {
		*soakRequests = min(*soakRequests, 8_000)
	}
	server, _ := startNull(t)
	n := *soakRequests
	soak(t, server, n/20, nullserver.Order{}, map[string]int{"ok": n / 20}) // what is made once is made now
	before := footprint()
	begun := time.Now()
	soak(t, server, n, nullserver.Order{}, map[string]int{"ok": n})
	t.Logf("%d requests in %v, peak of memory %.0f MB", n, time.Since(begun).Round(time.Millisecond), peakMB())
	if peak := peakMB(); n >= 1_000_000 && peak > 300 {
		t.Errorf("a load of %d requests took %.0f MB", n, peak)
	}
	few := n / 10 / (10 * soakEvery) * 10 * soakEvery // a whole number of faults, of a tenth of them too
	for _, test := range []struct {
		order  nullserver.Order
		status string
	}{
		{nullserver.Order{Fault: nullserver.Refuse}, "http_error"},
		{nullserver.Order{Fault: nullserver.Reset, After: 1}, "truncated"},
		{nullserver.Order{Fault: nullserver.Close, After: 1}, "truncated"},
		{nullserver.Order{Fault: nullserver.Break, After: 1}, "stream_error"},
		{nullserver.Order{Fault: nullserver.Stall, After: 1}, "timeout"},
		{nullserver.Order{Fault: nullserver.Reset}, "ok"}, // before any byte: see below
		{nullserver.Order{GapMicros: 20_000}, "ok"},
	} {
		t.Run(strings.TrimSpace(fmt.Sprintf("%s %d", test.order.Fault, test.order.After)), func(t *testing.T) {
			requests := few
			if test.order.Fault == "" || test.order.Fault == nullserver.Stall {
				requests = few / 10 // they are slow
			}
			test.order.Every = soakEvery
			want := map[string]int{"ok": requests}
			if test.status != "ok" {
				want = map[string]int{"ok": requests - requests/soakEvery, test.status: requests / soakEvery}
			}
			soak(t, server, requests, test.order, want)
		})
	}
	t.Run("killed", func(t *testing.T) { soakKilled(t, few) })
	after := footprint()
	for deadline := time.Now().Add(10 * time.Second); after.goroutines > before.goroutines || after.descriptors > before.descriptors; after = footprint() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%+v, before %+v:\n%s", after, before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
	if grown := after.heapMB - before.heapMB; grown > 8 {
		t.Errorf("the heap grew by %.1f MB", grown)
	}
	t.Logf("before %+v, after %+v", before, after)
}

// startNull starts a null server, and returns what kills it.
func startNull(t *testing.T) (*nullserver.Child, context.CancelFunc) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, kill := context.WithCancel(context.Background())
	server, err := nullserver.Start(ctx, self, "null-server")
	if err != nil {
		kill()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Close()
		kill()
	})
	return server, kill
}

// faultsOf is how many faults of each sort a null server has carried out.
func faultsOf(t *testing.T, server *nullserver.Child) map[nullserver.Fault]int {
	t.Helper()
	resp, err := http.Get(server.URL + "/faults")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var faults map[nullserver.Fault]int
	if err := json.NewDecoder(resp.Body).Decode(&faults); err != nil {
		t.Fatal(err)
	}
	return faults
}

// soakTask is a load of so many requests of two tokens each.
func soakTask(t *testing.T, server *nullserver.Child, requests int, order nullserver.Order) stage.Task {
	t.Helper()
	extra, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cfg := cell(soakUsers)
	cfg.Workload.ISL, cfg.Workload.OSL, cfg.Workload.Requests, cfg.Workload.ExtraBody = length.Of(16), length.Of(2), requests, extra
	if order.Fault == nullserver.Stall {
		cfg.Unkeyed.RequestTimeout = stage.Duration(time.Second)
	}
	return task(t, stage.Endpoint{URL: server.URL, Model: "null"}, cfg)
}

// soak runs a load and holds its statuses, its rows and its chunks against what the server was ordered to do.
func soak(t *testing.T, server *nullserver.Child, requests int, order nullserver.Order, want map[string]int) {
	t.Helper()
	before := faultsOf(t, server)
	step := soakTask(t, server, requests, order)
	if err := load.New().Run(t.Context(), environment(), step); err != nil {
		t.Fatal(err)
	}
	got, chunks, stale := map[string]int{}, 0, 0
	scan[table.Request](t, filepath.Join(step.Dir, "requests.parquet"), func(r table.Request) {
		got[r.Status]++
		chunks += int(r.Chunks)
		stale += int(r.StaleRetries)
	})
	recorded := 0
	scan[table.Chunk](t, filepath.Join(step.Dir, "chunks.parquet"), func(table.Chunk) { recorded++ })
	if recorded != chunks {
		t.Errorf("%d chunks in their table, %d in the rows", recorded, chunks)
	}
	faults := faultsOf(t, server)
	caused := faults[order.Fault] - before[order.Fault]
	switch {
	case order.Fault == nullserver.Reset && order.After == 0:
		// On a kept connection it may be the close of an idle one: the request goes out again. On a fresh one, it is the server's failure.
		if caused == 0 || stale == 0 || stale+got["http_error"] != caused {
			t.Errorf("%d requests were sent again and %d failed, of %d resets", stale, got["http_error"], caused)
		}
		want["ok"] -= got["http_error"]
		if got["http_error"] > 0 {
			want["http_error"] = got["http_error"]
		}
	case order.Fault != "" && caused != requests/soakEvery:
		t.Errorf("the server carried out %d faults of %d", caused, requests/soakEvery)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if err := os.RemoveAll(step.Dir); err != nil { // a million requests are some hundred MB
		t.Error(err)
	}
}

// soakKilled ends the server in mid-load. The load says so, and its journal has a row for each request that was sent.
func soakKilled(t *testing.T, requests int) {
	server, kill := startNull(t)
	step := soakTask(t, server, 1<<30, nullserver.Order{GapMicros: 1000})
	env := environment()
	env.Progress = func(p stage.Progress) {
		if p.Done > requests/4 {
			kill()
		}
	}
	err := load.New().Run(t.Context(), env, step)
	if err == nil || stage.ReasonOf(err) != "endpoint_gone" {
		t.Errorf("error: %v", err)
	}
	got, indices := map[string]int{}, map[int64]bool{}
	for _, r := range journal(t, step.Dir) {
		got[r.Status]++
		indices[r.Index] = true
	}
	attempted := 0
	for _, n := range got {
		attempted += n
	}
	if attempted != len(indices) || got["ok"] <= requests/4 || got["http_error"] < 2*soakUsers {
		t.Errorf("%d requests attempted: %v", len(indices), got)
	}
	for status := range maps.Keys(got) {
		switch status {
		case "ok", "http_error", "truncated", "cancelled":
		default:
			t.Errorf("%d requests are %s", got[status], status)
		}
	}
	t.Log(got)
}

func scan[R any](t *testing.T, path string, each func(R)) {
	t.Helper()
	err := table.Scan(path, func(rows []R) error {
		for _, r := range rows {
			each(r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// usage is what this process holds.
type usage struct {
	goroutines, descriptors int
	heapMB                  float64
}

func footprint() usage {
	runtime.GC()
	runtime.GC() // the second one frees what finalizers held
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	open, _ := os.ReadDir("/proc/self/fd") // elsewhere they are not counted
	return usage{runtime.NumGoroutine(), len(open), float64(memory.HeapAlloc) / 1e6}
}

// peakMB is the most memory that this process has had; 0 where the system does not say.
func peakMB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, line, found := strings.Cut(string(status), "VmHWM:")
	if !found {
		return 0
	}
	kib, _ := strconv.ParseFloat(strings.Fields(line)[0], 64)
	return kib * 1024 / 1e6
}
