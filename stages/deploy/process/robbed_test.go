package process_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// robbed is a server that lets the test take its port before it listens: the test's URL is its first
// argument.
func robbed(args []string) int {
	resp, err := http.Get(args[0] + "?port=" + args[len(args)-1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer resp.Body.Close()
	return simulate(args[1:])
}

// thief hears from each server of the role robbed, and takes the ports of the first few.
type thief struct {
	url   string
	takes int  // ports
	talks bool // as another server, for as long as the robbed one has yet to listen; otherwise it hangs up

	mu    sync.Mutex
	ports []string // of all servers
}

func newThief(t *testing.T, takes int, talks bool) *thief {
	t.Helper()
	th := &thief{takes: takes, talks: talks}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		port := r.FormValue("port")
		th.mu.Lock()
		th.ports = append(th.ports, port)
		take := len(th.ports) <= th.takes
		th.mu.Unlock()
		if !take {
			return
		}
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { listener.Close() })
		if !th.talks {
			go hangUp(listener)
			return
		}
		go http.Serve(listener, http.HandlerFunc(stranger))
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	th.url = server.URL
	return th
}

// hangUp takes connections and closes them.
func hangUp(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		conn.Close()
	}
}

// stranger answers as a server of another model.
func stranger(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/models" {
		fmt.Fprint(w, `{"data":[{"id":"stranger"}]}`)
	}
}

// The port that was free when it was chosen may be taken when the server wants to listen: then it is started
// again at another one, unless the suite says which port it is to have.
func TestThePortIsTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		takes  int
		talks  bool
		hcl    string
		starts int
		reason string // why it fails; empty: it serves
	}{
		"once":                            {1, false, "", 2, ""},
		"twice":                           {2, false, "", 3, ""},
		"each time":                       {9, false, "", 3, "port_in_use"},
		"by another server":               {1, true, "", 2, ""},
		"by another server, each time":    {9, true, "", 2, "identity_mismatch"},
		"the suite's":                     {1, false, "port = " + freePort(t), 1, "port_in_use"},
		"the suite's, by another server":  {1, true, "port = " + freePort(t), 1, "identity_mismatch"},
		"by nobody, of a server as usual": {0, false, "", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th := newThief(t, tc.takes, tc.talks)
			var log strings.Builder
			env := deploytest.Env(nil)
			env.Log = slog.New(slog.NewTextHandler(&log, nil))
			d := own("robbed", append([]string{th.url}, serveArgs...)...)
			hcl := `grace = "100ms"` + "\n" + tc.hcl
			_, _, live, err := acquireWith(t, stage.DeployConfig{Deployment: d}, hcl, env)
			th.mu.Lock()
			ports := th.ports
			th.mu.Unlock()
			if len(ports) != tc.starts || (err != nil) != (tc.reason != "") || err != nil && stage.ReasonOf(err) != tc.reason {
				t.Fatalf("started at ports %v: %v", ports, err)
			}
			if told := strings.Count(log.String(), "level=WARN"); told != tc.starts-1 {
				t.Errorf("%d warnings:\n%s", told, log.String())
			}
			if err != nil {
				return
			}
			last := ports[len(ports)-1]
			url, id := live.Endpoint().URL, live.Record().ID
			if !strings.HasSuffix(url, ":"+last) || !strings.HasSuffix(id, "/"+last) {
				t.Errorf("the server is %s at %s, started last at port %s", id, url, last)
			}
			if pids := marked(t, live.Record().Token); len(pids) != 2 {
				t.Errorf("processes %v, want the guard and the server of the last start alone", pids)
			}
			lines, err := live.Logs(t.Context(), 100)
			if err != nil || strings.Contains(strings.Join(lines, "\n"), "in use") {
				t.Errorf("the log has words of an earlier start: %q, %v", lines, err)
			}
		})
	}
}

// asked counts the looks for a free port.
var asked atomic.Int64

// freePort is a port that nothing listens at, and that the system gives to nobody who asks for any port.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10_000 + (os.Getpid()+317*int(asked.Add(1)))%20_000)
		if listener, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
