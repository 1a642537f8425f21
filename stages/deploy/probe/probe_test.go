package probe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/deploy/probe"
)

// start serves a handler and returns a probe of it that sends the key "sesame-key".
func start(t *testing.T, handler http.HandlerFunc) *probe.Probe {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	p, err := probe.New(probe.Target{URL: server.URL + "/v1/", Key: "sesame-key"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if p.URL() != server.URL {
		t.Errorf("URL = %s, want %s", p.URL(), server.URL)
	}
	return p
}

// Each look at the models takes a connection of its own: only so does it meet every server behind a shared port.
func TestModelsUsesNewConnections(t *testing.T) {
	seen := map[string]bool{}
	p := start(t, func(w http.ResponseWriter, r *http.Request) {
		seen[r.RemoteAddr] = true
		_, _ = w.Write([]byte(`{"data":[{"id":"b","aliases":["a","b"]},{"id":""},{"id":"c"}]}`))
	})
	for range 4 {
		got, err := p.Models(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"b", "a", "c"}, got); diff != "" {
			t.Errorf("models (-want +got):\n%s", diff)
		}
	}
	if len(seen) != 4 {
		t.Errorf("4 looks took %d connections", len(seen))
	}
}

func TestRTTIsTheMedianWithoutTheFirst(t *testing.T) {
	p := start(t, func(http.ResponseWriter, *http.Request) {})
	trips := []int64{900e6, 5e6, 1e6, 4e6} // the first dials
	var now int64
	reads := 0
	got, err := p.RTT(t.Context(), 3, func() int64 {
		if reads++; reads%2 == 0 {
			now += trips[reads/2-1]
		}
		return now
	})
	if err != nil || got != 0.004 {
		t.Errorf("RTT = %g s, %v; want 0.004 s", got, err)
	}
}

func TestErrorsHideTheKey(t *testing.T) {
	p := start(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "you sent\n"+r.Header.Get("Authorization")+strings.Repeat(" x", 400), http.StatusForbidden)
	})
	err := p.Health(t.Context())
	if err == nil || strings.Contains(err.Error(), "sesame-key") || !strings.Contains(err.Error(), "you sent Bearer (sensitive)") {
		t.Errorf("error = %v; want the answer without the key", err)
	}
	if len(err.Error()) > 400 {
		t.Errorf("the error is %d bytes long", len(err.Error()))
	}
}

func TestSimulator(t *testing.T) {
	tests := map[string]struct {
		code      int
		body      string
		simulated bool
		err       string
	}{
		"simulated":         {200, `{"simulated":true,"speed":8,"epoch_unix_ns":5,"gpu_name":"G","gpu_uuids":["u"]}`, true, ""},
		"not known":         {404, ``, false, ""},
		"not allowed":       {401, ``, false, ""},
		"answers all paths": {200, `<html>`, false, ""},
		"other JSON":        {200, `{"status":"ok"}`, false, ""},
		"no speed":          {200, `{"simulated":true}`, false, "speed is 0"},
		"out of order":      {502, ``, false, "502 Bad Gateway"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := start(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.code)
				_, _ = w.Write([]byte(test.body))
			})
			info, simulated, err := p.Simulator(t.Context())
			if simulated != test.simulated || (err == nil) != (test.err == "") {
				t.Fatalf("simulator = %+v, %t, %v", info, simulated, err)
			}
			if err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error = %v, want %q", err, test.err)
			}
			if simulated && (info.Speed != 8 || info.EpochUnixNS != 5 || len(info.GPUUUIDs) != 1) {
				t.Errorf("info = %+v", info)
			}
		})
	}
}

func TestNewRefusesBadURL(t *testing.T) {
	for _, url := range []string{"", "localhost:8000", "ftp://x", "http://"} {
		if _, err := probe.New(probe.Target{URL: url}); err == nil || !strings.Contains(err.Error(), "want http://host:port") {
			t.Errorf("New(%q) = %v", url, err)
		}
	}
}

// A server that fails every second request is proved all the same; a round trip that failed is none.
func TestAServerThatFailsHalfOfItsRequests(t *testing.T) {
	asked := 0
	p := start(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked%2 == 1 {
			http.Error(w, "out of luck", http.StatusInternalServerError)
			return
		}
		switch r.URL.Path {
		case "/v1/models":
			_, _ = w.Write([]byte(`{"data":[{"id":"m"}]}`))
		case "/v1/completions":
			_, _ = w.Write([]byte(`{"choices":[{"text":" Paris"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}`))
		}
	})
	if names, err := p.Models(t.Context()); err != nil || len(names) != 1 || names[0] != "m" {
		t.Errorf("models %v, %v", names, err)
	}
	if err := p.Complete(t.Context(), "m"); err != nil {
		t.Error(err)
	}
	var now int64
	if got, err := p.RTT(t.Context(), 3, func() int64 { now += 1e6; return now }); err != nil || got != 0.001 {
		t.Errorf("RTT = %g s, %v; want 0.001 s", got, err)
	}
	if asked != 2*(1+1+4) {
		t.Errorf("%d requests, want each of 6 twice", asked)
	}
}

// A refusal is final: it is not asked again.
func TestARefusalIsNotAskedAgain(t *testing.T) {
	asked := 0
	p := start(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		http.Error(w, "no", http.StatusForbidden)
	})
	if _, err := p.Models(t.Context()); err == nil || asked != 1 {
		t.Errorf("%d requests, %v; want one and an error", asked, err)
	}
}
