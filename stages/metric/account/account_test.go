package account_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/account"
)

func p(v float64) *float64 { return &v }

// series is a load of four seconds on a server that had done something before.
func series() []table.Server {
	row := func(phase string, second int64) table.Server {
		return table.Server{Phase: phase, Engine: "vllm", TSend: second * 1e9, TDone: second*1e9 + 1e8}
	}
	rows := []table.Server{row("before", 0), row("during", 1), row("during", 2), row("during", 3), row("after", 4)}
	for i := range rows {
		n := float64(i)
		r := &rows[i]
		r.InputTokens, r.OutputTokens, r.Preemptions, r.Finished = p(1000+100*n), p(500+50*n), p(3), p(10+2*n)
		r.PrefixQueries, r.PrefixHits = p(1000+100*n), p(64)
		r.TTFTSumSeconds, r.TTFTCount, r.TPOTSumSeconds, r.TPOTCount = p(1+n), p(10+2*n), p(5+n), p(490+50*n)
		r.QueueSumSeconds, r.QueueCount, r.ProcessStart = p(2), p(10+2*n), p(1e9)
		r.Running, r.Waiting, r.KVUsage = p(8*n), p(4-n), p(n/10)
	}
	return rows
}

func TestOf(t *testing.T) {
	whole := account.Account{
		Engine: "vllm", Readings: 3, Seconds: 4.1,
		InputTokens: p(400), OutputTokens: p(200), PrefixQueries: p(400), PrefixHits: p(0), Preemptions: p(0), Finished: p(8),
		TTFTCount: p(8), TTFTMeanSeconds: p(0.5), TPOTMeanSeconds: p(0.02), QueueMeanSeconds: p(0),
		Running: &account.Level{Mean: 16, Max: 24}, Waiting: &account.Level{Mean: 2, Max: 3}, KVUsage: &account.Level{Mean: 0.2, Max: 0.3},
	}
	gauges := account.Account{Engine: "vllm", Readings: 3, Seconds: 4.1, Running: whole.Running, Waiting: whole.Waiting, KVUsage: whole.KVUsage}
	restarted := gauges
	restarted.Lives = account.Restarted
	several := gauges
	several.Lives = account.Several
	reset := gauges
	reset.Lives = account.Reset
	for _, c := range []struct {
		name   string
		change func([]table.Server) []table.Server
		want   account.Account
	}{
		{"whole", func(rows []table.Server) []table.Server { return rows }, whole},
		{"in another order", func(rows []table.Server) []table.Server {
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			return rows
		}, whole},
		{"no reading after the load", func(rows []table.Server) []table.Server { return rows[:4] }, func() account.Account {
			a := gauges
			a.Seconds = 3.1
			return a
		}()},
		{"a counter goes back", func(rows []table.Server) []table.Server {
			rows[3].OutputTokens = p(10)
			return rows
		}, reset},
		{"another process", func(rows []table.Server) []table.Server {
			for i := 2; i < 5; i++ {
				rows[i].ProcessStart = p(1e9 + 2)
			}
			return rows
		}, restarted},
		{"two restarts", func(rows []table.Server) []table.Server {
			for i := 2; i < 5; i++ {
				rows[i].ProcessStart = p(1e9 + float64(i/2))
				rows[i].OutputTokens = p(float64(i % 2))
			}
			return rows
		}, restarted},
		{"two servers by turns", func(rows []table.Server) []table.Server {
			rows[1].ProcessStart, rows[3].ProcessStart = p(1e9+2), p(1e9+2)
			return rows
		}, several},
		{"the second of which began first", func(rows []table.Server) []table.Server {
			for i := 2; i < 5; i++ {
				rows[i].ProcessStart = p(1e9 - 2)
			}
			return rows
		}, several},
		{"two servers that do not tell when they began", func(rows []table.Server) []table.Server {
			for i := range rows {
				rows[i].ProcessStart = nil
			}
			rows[1].OutputTokens, rows[3].OutputTokens = p(1), p(2)
			return rows
		}, several},
		{"a counter that shows only once it counts", func(rows []table.Server) []table.Server {
			for i := range 2 {
				rows[i].Preemptions = nil
			}
			return rows
		}, func() account.Account {
			a := whole
			a.Preemptions = p(3)
			return a
		}()},
		{"an engine that tells little", func(rows []table.Server) []table.Server {
			for i, r := range rows {
				rows[i] = table.Server{Phase: r.Phase, Engine: "llamacpp", TSend: r.TSend, TDone: r.TDone, OutputTokens: r.OutputTokens, HitRate: p(0.25)}
			}
			return rows
		}, account.Account{Engine: "llamacpp", Readings: 3, Seconds: 4.1, OutputTokens: p(200), HitRate: &account.Level{Mean: 0.25, Max: 0.25}}},
		{"a load that was over at once", func(rows []table.Server) []table.Server { return []table.Server{rows[0], rows[4]} }, func() account.Account {
			a := whole
			a.Readings, a.Running, a.Waiting, a.KVUsage = 0, nil, nil, nil
			return a
		}()},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := account.Of(c.change(series()))
			if diff := cmp.Diff(c.want, got); diff != "" || !ok {
				t.Errorf("%v (-want +got):\n%s", ok, diff)
			}
		})
	}
	if _, ok := account.Of(nil); ok {
		t.Error("an account of nothing")
	}
}
