// Package simtest runs simulated servers for the tests of whatever talks to a server, and makes the steps that run against them.
//
// Invariant: a server lives exactly as long as the test that started it. It still answers in the test's cleanups, and its goroutines have ended
// before the next test begins.
package simtest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// Server is a simulated server on a socket of this machine.
type Server struct {
	*simulator.Server
	URL     string
	serving crew.Crew // of Serve
}

// Start serves until the test ends. The test fails if the server ends by an error that no fault of its configuration explains.
func Start(t testing.TB, cfg simulator.Config) *Server {
	t.Helper()
	server, err := simulator.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Server: server, URL: "http://" + ln.Addr().String()}
	// t.Context ends before the test's cleanups.
	s.serving.Go(func() error { return server.Serve(context.Background(), ln) })
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Ended(); err != nil && !errors.Is(err, simulator.ErrDied) && !errors.Is(err, simulator.ErrStartup) {
			t.Errorf("the simulated server: %v", err)
		}
	})
	return s
}

// Ended waits until the server has ended by itself, and returns why.
func (s *Server) Ended() error {
	return s.serving.Wait()
}

// Endpoint is what the deploy stage tells of the server.
func (s *Server) Endpoint() stage.Endpoint {
	info := s.Info()
	endpoint := stage.Endpoint{
		URL: s.URL, Model: info.Served[0], Engine: "simulator", Simulated: true,
		Power: stage.PowerSource{Kind: "simulator", URL: s.URL + "/simulator/power"},
		Clock: stage.ServerClock{Speed: info.Speed, EpochUnixNS: info.EpochUnixNS},
	}
	for i, uuid := range info.GPUUUIDs {
		endpoint.GPUs = append(endpoint.GPUs, stage.DeviceGPU{Index: i, UUID: uuid, Name: info.GPUName})
	}
	return endpoint
}

// live is a deployment that nobody made: it only has an endpoint.
type live struct {
	stage.Live
	endpoint stage.Endpoint
}

func (l live) Endpoint() stage.Endpoint { return l.endpoint }

// Alive says that nobody has seen it end.
func (l live) Alive(context.Context) error { return nil }

// Incarnation is a deployment that is there already. Only its endpoint may be asked for, and whether it is
// alive.
func Incarnation(endpoint stage.Endpoint) *stage.Incarnation {
	return &stage.Incarnation{Live: live{endpoint: endpoint}}
}

// Task is the first attempt of a step on a deployment that is there already, with an empty folder.
func Task(t testing.TB, address addr.Step, endpoint stage.Endpoint, cfg any) stage.Task {
	t.Helper()
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return stage.Task{Address: address, Attempt: 1, Config: text, Dir: t.TempDir(), Incarnation: Incarnation(endpoint)}
}

// Env is the world of a test: the wall clock, an environment without variables, and a log that nobody reads.
func Env() stage.Env {
	return stage.Env{
		RunID: "run-1", Now: time.Now, Getenv: func(string) string { return "" }, Log: slog.New(slog.DiscardHandler),
	}
}
