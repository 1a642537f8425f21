package simulator_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/crew/crewtest"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// A panic of the goroutine that drives the engine, or of a handler, ends the server and every answer in
// flight. It is known before a client can see the end of one.
func TestAPanicEndsTheServer(t *testing.T) {
	for name, function := range map[string]string{
		"the driver, within an answer": "simulator.(*driver).catchUp",
		"a handler":                    "simulator.(*driver).printMetrics",
	} {
		t.Run(name, func(t *testing.T) {
			clock := crewtest.After(20, function)
			if name == "a handler" {
				clock = crewtest.In(function)
			}
			s, err := simulator.New(simulator.Config{Model: model, Now: clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var serving crew.Crew
			serving.Go(func() error { return s.Serve(t.Context(), ln) })
			r := connect(t, &simtest.Server{Server: s, URL: "http://" + ln.Addr().String()})
			resp, err := r.try(t.Context(), "POST", "/v1/chat/completions", chat(3, 30000, ""))
			if err == nil {
				if name == "a handler" {
					_, err = r.try(t.Context(), "GET", "/metrics", "")
					if err == nil {
						t.Error("the handler that panicked has answered")
					}
				}
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if panicked := s.Panicked(); err == nil || crew.PanicIn(panicked) == nil {
				t.Errorf("the answer ended with %v when the server said %v: want a cut and the panic", err, panicked)
			}
			err = serving.Wait()
			if p := crew.PanicIn(err); p == nil || p.Value != crewtest.Boom || !strings.Contains(string(p.Stack), function) {
				t.Errorf("Serve = %v, want the panic of %s", err, function)
			}
			if _, err := http.Get(r.URL + "/health"); err == nil {
				t.Error("the server still answers")
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
	}
}
