package load_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// post asks a simulated server for a fault.
func post(t *testing.T, endpoint stage.Endpoint, fault string) {
	t.Helper()
	resp, err := http.Post(endpoint.URL+"/simulator/faults", "application/json", strings.NewReader(fault))
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusNoContent {
		t.Errorf("fault %s: %d %s", fault, resp.StatusCode, text)
	}
}

// Each fault that strikes a request is a row that says so, and a reason of the cell; no request is lost, and none that failed passes for an answer.
func TestEachFault(t *testing.T) {
	const users = 8
	longerThan := func(n int, seconds float64) func([]table.Request) bool {
		return func(all []table.Request) bool {
			late := 0
			for _, r := range all {
				if r.Status == "ok" && float64(r.TDone-r.TSend) > seconds*1e9 {
					late++
				}
			}
			return late >= n
		}
	}
	for _, c := range []struct {
		name, fault string
		change      func(*stage.LoadConfig)
		want        map[string]int // statuses
		code        string         // reason of the cell; empty: none of failures
		holds       func([]table.Request) bool
	}{
		{"429", `{"kind":"http_429","count":2}`, nil, map[string]int{"ok": 62, "http_error": 2}, "errors", nil},
		{"500", `{"kind":"http_500","count":1}`, func(c *stage.LoadConfig) { c.Workload.Requests = 100 }, map[string]int{"ok": 99, "http_error": 1}, "few_errors", nil},
		{"error in the stream", `{"kind":"stream_error","count":2,"after_chunks":3}`, nil, map[string]int{"ok": 62, "stream_error": 2}, "errors", nil},
		{"error at once", `{"kind":"stream_error","count":2}`, nil, map[string]int{"ok": 62, "stream_error": 2}, "errors", nil},
		{"truncated", `{"kind":"stream_truncate","count":2,"after_chunks":3}`, nil, map[string]int{"ok": 62, "truncated": 2}, "errors", nil},
		{
			"stall that ends", `{"kind":"stall","count":2,"after_chunks":3,"stall_seconds":4}`, nil,
			map[string]int{"ok": 64},
			"", longerThan(2, 4),
		},
		{
			"stall beyond the timeout", `{"kind":"stall","count":2,"after_chunks":3}`,
			func(c *stage.LoadConfig) { c.Unkeyed.RequestTimeout = stage.Duration(10 * time.Second) },
			map[string]int{"ok": 62, "timeout": 2},
			"errors", nil,
		},
		{
			"stall beyond the end", `{"kind":"stall","count":2,"after_chunks":3}`,
			func(c *stage.LoadConfig) {
				c.Workload.Requests, c.Workload.Duration, c.Workload.Grace = 0, stage.Duration(6*time.Second), stage.Duration(4*time.Second)
			},
			map[string]int{"unfinished": 2},
			"unfinished", nil,
		},
		{"slow reader", `{"kind":"slow_read","count":2,"bytes_per_second":200}`, nil, map[string]int{"ok": 64}, "", longerThan(2, 3)},
		{"slow writer", `{"kind":"slow_write","count":2,"bytes_per_second":2000}`, nil, map[string]int{"ok": 64}, "", longerThan(2, 3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // they wait more than they work
			_, endpoint := simulate(t, fast)
			env := environment()
			var once sync.Once
			env.Progress = func(stage.Progress) { once.Do(func() { post(t, endpoint, c.fault) }) } // the probes are over
			cfg := cell(users)
			if c.change != nil {
				c.change(&cfg)
			}
			step := task(t, endpoint, cfg)
			if err := load.New().Run(t.Context(), env, step); err != nil {
				t.Fatal(err)
			}
			all := rows(t, step.Dir)
			statuses := map[string]int{}
			for _, r := range all {
				statuses[r.Status]++
				if (r.Status == "ok") != (r.Error == "") {
					t.Errorf("row: %+v", r)
				}
			}
			if cfg.Workload.Requests == 0 { // how many a duration holds is not told
				delete(statuses, "ok")
			}
			if diff := cmp.Diff(c.want, statuses); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			if c.holds != nil && !c.holds(all) {
				t.Error("the rows do not show what the fault has done")
			}
			checkVerdict(t, all, cfg, c.code)
		})
	}
}

// checkVerdict holds the counts of a cell against its rows, and what the gate says of failures to the code; empty: nothing.
func checkVerdict(t *testing.T, all []table.Request, cfg stage.LoadConfig, code string) {
	t.Helper()
	s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, Users: cfg.Users}}, stage.GPU{}, metric.Data{Requests: all})
	count := func(name string) float64 {
		def, _ := metric.Find(name)
		v, _ := def.Compute(s)
		return v
	}
	if ok, failed, cut := count("requests_ok"), count("requests_failed"), count("requests_cut"); ok+failed+cut != count("requests_attempted") || int(ok+failed+cut) != len(all) {
		t.Errorf("%v ok, %v failed and %v cut off of %v attempted in %d rows", ok, failed, cut, count("requests_attempted"), len(all))
	}
	var got []string
	for _, r := range gate.Judge(s, gate.Facts{}).Reasons {
		if slices.Contains([]string{"errors", "few_errors", "unfinished"}, r.Code) {
			got = append(got, r.Code)
		}
	}
	if diff := cmp.Diff(code, strings.Join(got, " ")); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// A server that dies in the middle of a load ends the load, with every request in the journal and the reason that has it deployed again.
func TestServerDiesInMidRun(t *testing.T) {
	_, endpoint := simulate(t, fast)
	env := environment()
	var once sync.Once
	env.Progress = func(p stage.Progress) {
		if p.Done > 0 {
			once.Do(func() { post(t, endpoint, `{"kind":"die","after_requests":5,"after_chunks":2}`) })
		}
	}
	cfg := cell(8)
	cfg.Workload.Requests = 100_000
	step := task(t, endpoint, cfg)
	err := load.New().Run(t.Context(), env, step)
	if stage.ReasonOf(err) != "endpoint_gone" || stage.ClassOf(err) != stage.Transient {
		t.Fatalf("%s, %s: %v", stage.ClassOf(err), stage.ReasonOf(err), err)
	}
	statuses := map[string]int{}
	for _, r := range journal(t, step.Dir) {
		statuses[r.Status]++
	}
	if statuses["ok"] == 0 || statuses["truncated"] == 0 || statuses["http_error"] < 32 {
		t.Errorf("statuses: %v", statuses)
	}
}

// Faults of a suite strike the load and not what comes before it, if they let so many requests pass.
func TestFaultsOfTheConfigurationReachTheLoad(t *testing.T) {
	faulty := fast
	faulty.Faults = []simulator.Fault{{Kind: simulator.FaultHTTP500, AfterRequests: 20, Count: 3}}
	_, endpoint := simulate(t, faulty)
	step := task(t, endpoint, cell(4))
	if err := load.New().Run(t.Context(), environment(), step); err != nil {
		t.Fatal(err)
	}
	var failed []int64
	all := rows(t, step.Dir)
	for _, r := range all {
		if r.Status != "ok" {
			failed = append(failed, r.Index)
		}
	}
	if len(failed) != 3 || len(all) != 32 || slices.Min(failed) == 0 {
		t.Errorf("requests %v of %d failed", failed, len(all))
	}
}
