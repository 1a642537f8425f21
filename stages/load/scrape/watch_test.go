package scrape_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/load/scrape"
)

// metrics is an answer of a server that has generated so many tokens and works on so many requests.
func metrics(tokens, running int) []byte {
	return fmt.Appendf(nil, "vllm:generation_tokens_total %d\nvllm:num_requests_running %d\n", tokens, running)
}

// asked is a server that answers its n-th question, from 0.
func asked(answer func(ctx context.Context, n int) ([]byte, error)) func(context.Context) ([][]byte, error) {
	n := -1
	return func(ctx context.Context) ([][]byte, error) {
		n++
		text, err := answer(ctx, n)
		return [][]byte{text}, err
	}
}

// reading is what a test says of a row: its phase, when it was asked for and answered, in wall time, and its tokens.
type reading struct {
	Phase      string
	Sent, Done time.Duration
	Tokens     float64
}

func readings(series scrape.Series, clock *stage.Clock) []reading {
	var all []reading
	for _, r := range series.Rows {
		all = append(all, reading{r.Phase, clock.Wall(time.Duration(r.TSend)), clock.Wall(time.Duration(r.TDone)), *r.OutputTokens})
	}
	return all
}

// text is what an error says, and nothing where there is none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestWatch lets a load last and reads its server.
func TestWatch(t *testing.T) {
	const ms = time.Millisecond
	counting := func(_ context.Context, n int) ([]byte, error) { return metrics(n, 0), nil }
	for _, c := range []struct {
		name    string
		speed   float64
		lasts   time.Duration
		answer  func(context.Context, int) ([]byte, error)
		want    []reading
		failed  int
		problem string
	}{
		{
			"each second", 0, 2500 * ms, counting,
			[]reading{{"before", 0, 0, 0}, {"during", 1000 * ms, 1000 * ms, 1}, {"during", 2000 * ms, 2000 * ms, 2}, {"after", 2500 * ms, 2500 * ms, 3}},
			0, "",
		},
		{
			"each second of a simulated server", 10, 250 * ms, counting,
			[]reading{{"before", 0, 0, 0}, {"during", 100 * ms, 100 * ms, 1}, {"during", 200 * ms, 200 * ms, 2}, {"after", 250 * ms, 250 * ms, 3}},
			0, "",
		},
		{
			"no more often than this machine can carry", 1000, 120 * ms, counting,
			[]reading{{"before", 0, 0, 0}, {"during", 50 * ms, 50 * ms, 1}, {"during", 100 * ms, 100 * ms, 2}, {"after", 120 * ms, 120 * ms, 3}},
			0, "",
		},
		{
			"a slow server is asked less often", 0, 5500 * ms,
			func(_ context.Context, n int) ([]byte, error) {
				if n == 1 {
					time.Sleep(400 * ms) // of a bubble
				}
				return metrics(n, 0), nil
			},
			[]reading{{"before", 0, 0, 0}, {"during", 1000 * ms, 1400 * ms, 1}, {"during", 5000 * ms, 5000 * ms, 2}, {"after", 5500 * ms, 5500 * ms, 3}},
			0, "",
		},
		{
			"a load that is over at once", 0, 0, counting,
			[]reading{{"before", 0, 0, 0}, {"after", 0, 0, 1}},
			0, "",
		},
		{
			"the server comes to rest", 0, 500 * ms,
			func(_ context.Context, n int) ([]byte, error) { return metrics(n, max(0, 3-n)), nil },
			[]reading{{"before", 90 * ms, 90 * ms, 3}, {"after", 590 * ms, 590 * ms, 4}},
			0, "",
		},
		{
			"the server never rests", 0, 500 * ms,
			func(_ context.Context, n int) ([]byte, error) { return metrics(n, 1), nil },
			[]reading{{"before", 1000 * ms, 1000 * ms, 34}, {"after", 2500 * ms, 2500 * ms, 69}},
			0, "",
		},
		{
			"there are no metrics", 0, 2500 * ms,
			func(context.Context, int) ([]byte, error) { return nil, errors.New("404 Not Found") },
			nil, 0, "404 Not Found",
		},
		{
			"another server's metrics", 0, 2500 * ms,
			func(context.Context, int) ([]byte, error) { return []byte("go_goroutines 7\n"), nil },
			nil, 0, "/metrics names nothing of vLLM, SGLang or llama.cpp",
		},
		{
			"no answer", 0, 2500 * ms,
			func(ctx context.Context, _ int) ([]byte, error) {
				<-ctx.Done()
				return nil, fmt.Errorf("ask: %w", ctx.Err())
			},
			nil, 0, "/metrics had no answer within 2s",
		},
		{
			"some answers fail", 0, 3500 * ms,
			func(_ context.Context, n int) ([]byte, error) {
				if n == 2 {
					return nil, errors.New("502 Bad Gateway")
				}
				return metrics(n, 0), nil
			},
			[]reading{{"before", 0, 0, 0}, {"during", 1000 * ms, 1000 * ms, 1}, {"during", 3000 * ms, 3000 * ms, 3}, {"after", 3500 * ms, 3500 * ms, 4}},
			1, "",
		},
		{
			"the server is gone in the end", 0, 1500 * ms,
			func(_ context.Context, n int) ([]byte, error) {
				if n == 2 {
					return nil, errors.New("connection refused")
				}
				return metrics(n, 0), nil
			},
			[]reading{{"before", 0, 0, 0}, {"during", 1000 * ms, 1000 * ms, 1}},
			0, "connection refused",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := stage.NewClock(time.Now, stage.ServerClock{Speed: c.speed})
				w := scrape.Begin(t.Context(), scrape.Config{Ask: asked(c.answer), Clock: clock})
				time.Sleep(c.lasts)
				series := w.End(t.Context())
				if diff := cmp.Diff(c.want, readings(series, clock)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if series.Failed != c.failed || text(series.Problem) != c.problem {
					t.Errorf("%d failed, problem %v", series.Failed, series.Problem)
				}
			})
		})
	}
}

// A load that is stopped does not wait for its account, and what was asked last counts as no failure of the server.
func TestAStoppedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		clock := stage.NewClock(time.Now, stage.ServerClock{})
		w := scrape.Begin(ctx, scrape.Config{Clock: clock, Ask: asked(func(ctx context.Context, n int) ([]byte, error) {
			if n == 2 {
				<-ctx.Done()
			}
			return metrics(n, 0), ctx.Err()
		})})
		time.Sleep(2500 * time.Millisecond)
		latest, ok := w.Latest()
		cancel()
		series := w.End(ctx)
		if stopped := clock.Wall(time.Duration(clock.NowNS())); stopped != 2500*time.Millisecond {
			t.Errorf("ended after %v", stopped)
		}
		if !ok || *latest.OutputTokens != 1 || len(series.Rows) != 2 || series.Failed != 0 || text(series.Problem) != "context canceled" {
			t.Errorf("latest %+v, %+v", latest, series)
		}
	})
}

// A load of days keeps the ends of its series, and evenly spaced readings between them.
func TestALongLoadIsThinnedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := stage.NewClock(time.Now, stage.ServerClock{})
		w := scrape.Begin(t.Context(), scrape.Config{Clock: clock, Ask: asked(func(_ context.Context, n int) ([]byte, error) { return metrics(n, 0), nil })})
		time.Sleep(3*time.Hour + 500*time.Millisecond)
		series := w.End(t.Context())
		if n := len(series.Rows); n < 2048 || n > 4096 {
			t.Errorf("%d rows", n)
		}
		gaps := map[time.Duration]int{}
		for pair := range slices.Chunk(series.Rows[1:len(series.Rows)-1], 2) {
			if len(pair) == 2 {
				gaps[time.Duration(pair[1].TSend-pair[0].TSend)]++
			}
		}
		if len(gaps) != 1 || gaps[4*time.Second] == 0 {
			t.Errorf("gaps %v, want 4 s alone", gaps)
		}
		if first, last := series.Rows[0], series.Rows[len(series.Rows)-1]; first.Phase != scrape.Before || last.Phase != scrape.After {
			t.Errorf("from %s to %s", first.Phase, last.Phase)
		}
	})
}

// What several servers behind one address count is added up.
func TestSeveralServers(t *testing.T) {
	full := "vllm:num_requests_running 3\nvllm:kv_cache_usage_perc 0.75\nvllm:generation_tokens_total 100\nvllm:num_preemptions_total 1\nprocess_start_time_seconds 50\n"
	idle := "vllm:num_requests_running 2\nvllm:kv_cache_usage_perc 0.25\nvllm:generation_tokens_total 11\nprocess_start_time_seconds 60\n"
	for _, c := range []struct {
		name  string
		texts []string
		want  table.Server
		err   string
	}{
		{"two", []string{full, idle}, table.Server{Engine: "vllm", Running: p(5), KVUsage: p(0.75), OutputTokens: p(111), Preemptions: p(1), ProcessStart: p(60)}, ""},
		{"three", []string{idle, full, idle}, table.Server{Engine: "vllm", Running: p(7), KVUsage: p(0.75), OutputTokens: p(122), Preemptions: p(1), ProcessStart: p(60)}, ""},
		{"of two engines", []string{full, "sglang:num_running_reqs 3\n"}, table.Server{}, "/metrics are of vllm and of sglang: the servers of one endpoint have one engine"},
		{"one that has none", []string{full, "up 1\n"}, table.Server{}, "/metrics names nothing of vLLM, SGLang or llama.cpp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := scrape.Begin(t.Context(), scrape.Config{Clock: stage.NewClock(time.Now, stage.ServerClock{}), Ask: func(context.Context) ([][]byte, error) {
					var texts [][]byte
					for _, text := range c.texts {
						texts = append(texts, []byte(text))
					}
					return texts, nil
				}})
				series := w.End(t.Context())
				if text(series.Problem) != c.err {
					t.Fatalf("problem %v, want %q", series.Problem, c.err)
				}
				for _, row := range series.Rows {
					row.Phase, row.TSend, row.TDone = "", 0, 0
					if diff := cmp.Diff(c.want, row); diff != "" {
						t.Error(diff)
					}
				}
			})
		})
	}
}
