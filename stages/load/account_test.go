package load_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/account"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
)

// measuredCell is a load that was run, as aggregate sees it.
type measuredCell struct {
	rows   []table.Request
	server []table.Server
	sample *metric.Sample
	facts  gate.Facts
}

func measureCell(t *testing.T, env stage.Env, endpoint stage.Endpoint, cfg stage.LoadConfig) measuredCell {
	t.Helper()
	step := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), env, step); err != nil {
		t.Fatal(err)
	}
	m := measuredCell{rows: rows(t, step.Dir), facts: gate.Facts{Endpoint: &endpoint, SharedPrefix: cfg.Workload.SharedPrefix}}
	var err error
	m.server, _, err = table.Read[table.Server](filepath.Join(step.Dir, "server.parquet"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	m.sample = metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, Users: cfg.Users}}, stage.GPU{}, metric.Data{Requests: m.rows, Server: m.server})
	return m
}

// account is the server's own.
func (m measuredCell) account(t *testing.T) account.Account {
	t.Helper()
	a, ok := m.sample.Server()
	if !ok {
		t.Fatal("the server gave no account of its own")
	}
	return a
}

// reasons are what the gate finds where the two accounts contradict each other, but for what a busy machine can do to the times of either.
func (m measuredCell) reasons() map[string]string {
	found := map[string]string{}
	for _, r := range gate.Judge(m.sample, m.facts).Reasons {
		if slices.Contains([]string{
			"server_restarted", "server_several", "token_mismatch", "foreign_traffic", "little_foreign_traffic", "server_queue", "preemptions", "prefix_contaminated", "ttft_mismatch",
		}, r.Code) {
			found[r.Code] = r.Detail
		}
	}
	return found
}

// only fails unless the one reason is there, and says so.
func (m measuredCell) only(t *testing.T, code, detail string) {
	t.Helper()
	found := m.reasons()
	if len(found) != 1 || !strings.Contains(found[code], detail) {
		t.Errorf("reasons %v, want %s: …%s…", found, code, detail)
	}
}

func sum(rows []table.Request, of func(table.Request) int32) float64 {
	total := 0.0
	for _, r := range rows {
		total += float64(of(r))
	}
	return total
}

func isl(r table.Request) int32 { return *r.ISL }
func osl(r table.Request) int32 { return *r.OSL }

// A server and a client of its own agree to the token.
func TestTheServersAccountAgrees(t *testing.T) {
	_, endpoint := simulate(t, fast)
	m := measureCell(t, environment(), endpoint, cell(16))
	a := m.account(t)
	if *a.OutputTokens != sum(m.rows, osl) || *a.InputTokens != sum(m.rows, isl) || *a.Finished != 128 || *a.TTFTCount != 128 || *a.Preemptions != 0 {
		t.Errorf("account: %v output and %v input tokens, %v requests, %v first tokens, %v preemptions", *a.OutputTokens, *a.InputTokens, *a.Finished, *a.TTFTCount, *a.Preemptions)
	}
	if a.Engine != "vllm" || a.Lives != account.OneLife || a.Readings > 0 && (a.Running == nil || a.Waiting == nil || a.KVUsage == nil) {
		t.Errorf("account: %+v", a)
	}
	for i, r := range m.server {
		if r.Cell != step.String() || r.TDone < r.TSend || i > 0 && r.TSend < m.server[i-1].TDone {
			t.Errorf("reading %d: %+v", i, r)
		}
	}
	if found := m.reasons(); len(found) > 0 {
		t.Errorf("reasons: %v", found)
	}
}

// Whoever else uses the server shows, with the figure.
func TestForeignTrafficIsFound(t *testing.T) {
	for _, c := range []struct {
		name   string
		tokens int
		code   string
	}{{"much", 2000, "foreign_traffic"}, {"little", 3, "little_foreign_traffic"}} {
		t.Run(c.name, func(t *testing.T) {
			_, endpoint := simulate(t, fast)
			env := environment()
			var asking sync.WaitGroup
			var once sync.Once
			env.Progress = func(stage.Progress) {
				once.Do(func() { asking.Go(func() { askFor(t, endpoint, c.tokens) }) })
			}
			cfg := cell(16)
			cfg.Workload.Requests = 320 // so that the foreign request ends before the load does
			m := measureCell(t, env, endpoint, cfg)
			asking.Wait()
			want := "1 of 321 requests that it ended"
			if c.tokens > 1000 {
				want = "2,000 of 22,480 tokens that the server generated were for others, and " + want
			}
			m.only(t, c.code, want)
		})
	}
}

// askFor is a client that nobody planned.
func askFor(t *testing.T, endpoint stage.Endpoint, tokens int) {
	body := fmt.Sprintf(`{"model":%q,"prompt":"Tell me all.","max_tokens":%d,"ignore_eos":true}`, endpoint.Model, tokens)
	resp, err := http.Post(endpoint.URL+"/v1/completions", "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("status %d, %v", resp.StatusCode, err)
	}
}

// What the end of a load cuts off may have generated something or all of it: that is no contradiction.
func TestRequestsThatAreCutOffContradictNothing(t *testing.T) {
	_, endpoint := simulate(t, fast)
	cfg := cell(16)
	cfg.Workload.OSL, cfg.Workload.Requests = length.Of(200), 0
	cfg.Workload.Duration, cfg.Workload.Grace = stage.Duration(4*time.Second), stage.Duration(50*time.Millisecond)
	m := measureCell(t, environment(), endpoint, cfg)
	cut := 0
	for _, r := range m.rows {
		if r.Status == "unfinished" {
			cut++
		}
	}
	if found := m.reasons(); len(found) > 0 || cut == 0 {
		t.Errorf("%d cut off, reasons: %v", cut, found)
	}
}

// More users than the server has places for wait in its queue for as long as they all ask.
func TestAQueueAtTheServer(t *testing.T) {
	cfg := fast
	cfg.MaxNumSeqs = 4
	_, endpoint := simulate(t, cfg)
	m := measureCell(t, environment(), endpoint, cell(40))
	m.only(t, "server_queue", "while at most 4 ran")
}

// Requests that the KV cache has no room for are computed again.
func TestPreemptionsAreFound(t *testing.T) {
	cfg := fast
	cfg.KVCapacityTokens = 1024
	_, endpoint := simulate(t, cfg)
	c := cell(8)
	c.Workload.OSL = length.Of(128)
	m := measureCell(t, environment(), endpoint, c)
	a := m.account(t)
	if *a.OutputTokens != sum(m.rows, osl) || a.KVUsage == nil || a.KVUsage.Max < 0.5 {
		t.Errorf("of %v output tokens: %+v", sum(m.rows, osl), a)
	}
	detail := m.reasons()["preemptions"]
	if *a.Preemptions < 1 || detail != fmt.Sprintf("%.0f preemptions in 64 requests: at most %.0f %% of the KV cache was in use", *a.Preemptions, 100*a.KVUsage.Max) {
		t.Errorf("%v preemptions: %q", *a.Preemptions, detail)
	}
}

// Hits in the prefix cache are counted by both sides alike. They are a fault of the load only where it did not mean them.
func TestPrefixHitsOfBothSides(t *testing.T) {
	on := true
	cfg := fast
	cfg.PrefixCache = &on
	_, endpoint := simulate(t, cfg)
	c := cell(8)
	c.Workload.SharedPrefix = 112
	m := measureCell(t, environment(), endpoint, c)
	a := m.account(t)
	told := sum(m.rows, func(r table.Request) int32 { return *r.CachedTokens })
	if *a.PrefixHits != told || *a.PrefixQueries != sum(m.rows, isl) || told < 0.7*sum(m.rows, isl) {
		t.Errorf("the server counts %v hits in %v, its answers told of %v", *a.PrefixHits, *a.PrefixQueries, told)
	}
	if found := m.reasons(); len(found) > 0 {
		t.Errorf("reasons: %v", found)
	}
	for i := range m.rows {
		m.rows[i].ISLShared = nil
	}
	m.facts.SharedPrefix, m.sample = 0, metric.NewSample(m.sample.Cell, stage.GPU{}, m.sample.Data)
	m.only(t, "prefix_contaminated", fmt.Sprintf("0 %% was meant to; the server counts %.0f %%", 100*told/sum(m.rows, isl)))
}

// A server that another one takes the place of answers every request, and its account is of neither.
func TestARestartIsFound(t *testing.T) {
	_, first := simulate(t, fast)
	_, second := simulate(t, fast)
	var asked atomic.Int64
	lives := []http.Handler{proxyTo(t, first), proxyTo(t, second)}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/completions" {
			asked.Add(1)
		}
		life := 0
		if asked.Load() > 110 {
			life = 1
		}
		if r.URL.Path == "/metrics" {
			showMetrics(w, []string{first.URL, second.URL}[life], func(text string) string {
				return text + fmt.Sprintf("process_start_time_seconds %d\n", 1000+life)
			})
			return
		}
		lives[life].ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	endpoint := first
	endpoint.URL = proxy.URL
	cfg := cell(8)
	cfg.Workload.Requests = 128
	m := measureCell(t, environment(), endpoint, cfg)
	m.only(t, "server_restarted", "the server restarted in the middle of the load")
	if a := m.account(t); a.OutputTokens != nil {
		t.Errorf("%v tokens of two lives", *a.OutputTokens)
	}
}

// A server without metrics is measured all the same, and its load says what is missing.
func TestAServerWithoutMetrics(t *testing.T) {
	_, endpoint := simulate(t, fast)
	inner := proxyTo(t, endpoint)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			http.Error(w, `{"error":{"message":"This server does not support metrics endpoint.","code":501}}`, http.StatusNotImplemented)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	endpoint.URL, endpoint.Engine = server.URL, "llamacpp"
	step := task(t, endpoint, cell(4))
	if err := load.New().Run(t.Context(), environment(), step); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(step.Dir, "server.parquet")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("server.parquet: %v", err)
	}
	var facts struct {
		Server struct {
			Problem string           `json:"problem"`
			Account *account.Account `json:"account"`
		} `json:"server"`
	}
	readFacts(t, step.Dir, &facts)
	if want := "GET /metrics: HTTP 501: This server does not support metrics endpoint; start it with --metrics"; facts.Server.Problem != want || facts.Server.Account != nil {
		t.Errorf("%+v, want %q", facts.Server, want)
	}
}
