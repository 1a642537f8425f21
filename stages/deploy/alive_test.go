package deploy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// seen is a provider that sees this of a server, and whose servers are not its own.
type seen struct {
	borrowed
	status Status
	err    error
}

func (s seen) Inspect(context.Context, Handle) (Status, error) { return s.status, s.err }

// What Alive says of a server: that it is gone only where something says so.
func TestWhoIsAlive(t *testing.T) {
	well := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer well.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	answers := func(handle http.HandlerFunc) string {
		server := httptest.NewServer(handle)
		t.Cleanup(server.Close)
		return server.URL
	}
	code := func(n int) string {
		return answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) })
	}
	breaks := answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for name, test := range map[string]struct {
		url    string
		status Status
		err    error
		want   string // empty: it is alive
		reason string
		class  stage.ErrorClass
	}{
		"well":                 {url: well.URL},
		"without such a path":  {url: code(http.StatusNotFound)},
		"wants a key":          {url: code(http.StatusUnauthorized)},
		"answers with nothing": {url: breaks},
		"not well": {
			url: code(http.StatusServiceUnavailable), want: "the server says that it is not well: ",
			reason: "engine_dead", class: stage.Transient,
		},
		"nobody listens": {
			url: closed.URL, want: `nothing listens any more: Get "` + closed.URL + `/health": dial tcp ` +
				strings.TrimPrefix(closed.URL, "http://") + ": connect: connection refused",
			reason: "server_ended", class: stage.Transient,
		},
		"out of reach": {
			url: "http://255.255.255.255:80", want: "no connection to it comes about: ",
			reason: "unreachable", class: stage.Transient,
		},
		"seen ending": {
			url: well.URL, status: Status{Gone: true, Detail: "exit status 1"},
			want: "the server with token t has ended: exit status 1", reason: "server_ended", class: stage.Permanent,
		},
		"nobody can look": {
			url: well.URL, err: errors.New("no route"), want: "look for with token t: no route",
			reason: "error", class: stage.Permanent,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := &live{
				acquisition: &acquisition{
					provider: seen{status: test.status, err: test.err}, handle: Handle{Token: "t"},
					env: complete(stage.Env{}),
				},
				endpoint: stage.Endpoint{URL: test.url},
			}
			err := l.Alive(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || stage.ReasonOf(err) != test.reason ||
				stage.ClassOf(err) != test.class {
				t.Errorf("%s %s: %v\nwant %s %s: %s",
					stage.ClassOf(err), stage.ReasonOf(err), err, test.class, test.reason, test.want)
			}
		})
	}
}

// A connection that this machine cannot make says nothing of a server.
func TestWhatIsOurs(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}, true},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)}, true},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, false},
		{&net.DNSError{Err: "no such host"}, false},
		{context.DeadlineExceeded, false},
	} {
		if got := ours(test.err); got != test.want {
			t.Errorf("%v: %v", test.err, got)
		}
	}
}
