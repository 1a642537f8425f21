package load_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// live is a deployment that is there already.
type live struct {
	stage.Live
	endpoint stage.Endpoint
}

func (l live) Endpoint() stage.Endpoint { return l.endpoint }

// simulate starts a simulated server on a socket of this machine.
func simulate(t *testing.T, cfg simulator.Config) (*simulator.Server, stage.Endpoint) {
	t.Helper()
	server, err := simulator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(context.Background(), ln) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	info := server.Info()
	return server, stage.Endpoint{
		URL: "http://" + ln.Addr().String(), Model: info.Served[0], Engine: "simulator", Simulated: true,
		Clock: stage.ServerClock{Speed: info.Speed, EpochUnixNS: info.EpochUnixNS},
	}
}

var step = addr.Step{Kind: "load", Name: "chat", Key: "qwen/h100/1gpu/16u/128x64/t2"}

// task is a load step of cfg against endpoint.
func task(t *testing.T, endpoint stage.Endpoint, cfg stage.LoadConfig) stage.Task {
	t.Helper()
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return stage.Task{
		Address: step, Attempt: 1, Config: text, Dir: t.TempDir(),
		Incarnation: &stage.Incarnation{Live: live{endpoint: endpoint}},
	}
}

func environment() stage.Env {
	return stage.Env{
		RunID: "run-1", Now: time.Now, Getenv: func(string) string { return "sk-secret-1" }, Log: slog.New(slog.DiscardHandler),
	}
}

// cell is a small cell of so many users.
func cell(users int) stage.LoadConfig {
	return stage.LoadConfig{
		Users: users, Trial: 2, Seed: 7,
		Workload: stage.Workload{
			API: "completions", ISL: length.Of(128), OSL: length.Of(64), Requests: 8 * users, IgnoreEOS: true,
		},
	}
}

func rows(t *testing.T, dir string) []table.Request {
	t.Helper()
	all, _, err := table.Read[table.Request](filepath.Join(dir, "requests.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// journal returns the rows of a load that did not come to its end.
func journal(t *testing.T, dir string) []table.Request {
	t.Helper()
	var all []table.Request
	torn, err := table.ReadJournal(filepath.Join(dir, "requests.arrow"), func(rows []table.Request) error {
		all = append(all, rows...)
		return nil
	})
	if err != nil || torn {
		t.Fatalf("journal: torn %v, %v", torn, err)
	}
	return all
}
