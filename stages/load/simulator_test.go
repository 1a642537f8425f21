package load_test

import (
	"path/filepath"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// simulate starts a simulated server on a socket of this machine.
func simulate(t *testing.T, cfg simulator.Config) (*simulator.Server, stage.Endpoint) {
	t.Helper()
	server := simtest.Start(t, cfg)
	return server.Server, server.Endpoint()
}

var step = addr.Step{Kind: "load", Name: "chat", Key: "qwen/h100/1gpu/16u/128x64/t2"}

// task is a load step of cfg against endpoint.
func task(t *testing.T, endpoint stage.Endpoint, cfg stage.LoadConfig) stage.Task {
	t.Helper()
	return simtest.Task(t, step, endpoint, cfg)
}

func environment() stage.Env {
	env := simtest.Env()
	env.Getenv = func(string) string { return "sk-secret-1" }
	return env
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
