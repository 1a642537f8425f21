package deploy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/probe"
)

// bare is a provider of nothing; borrowed is one whose servers are not its own.
type (
	bare     struct{ Provider }
	borrowed struct{ bare }
	execs    struct {
		bare
		out string
		err error
	}
)

func (borrowed) Borrowed() {}

func (e execs) Exec(_ context.Context, _ Handle, argv []string) ([]byte, error) {
	if strings.Join(argv, " ") != "nvidia-smi -L" {
		return nil, errors.New("unexpected command")
	}
	return []byte(e.out), e.err
}

func TestHopeless(t *testing.T) {
	refused := fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
	tests := map[string]struct {
		provider Provider
		after    time.Duration // since the first look
		err      error
		want     string
	}{
		"starting":               {bare{}, time.Hour, refused, ""},
		"starting without DNS":   {bare{}, 0, &net.DNSError{Name: "h", IsNotFound: true}, ""},
		"loading":                {borrowed{}, time.Hour, &probe.StatusError{Code: http.StatusServiceUnavailable}, ""},
		"restarting":             {borrowed{}, refusedGrace, refused, ""},
		"nothing there":          {borrowed{}, refusedGrace + 1, refused, "nothing listens at http://h: start the server first, or check url"},
		"no such host":           {borrowed{}, 0, &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}, "lookup h: no such host: check url"},
		"a key is wanted":        {bare{}, 0, &probe.StatusError{Code: http.StatusUnauthorized}, "give the endpoint's key as api_key_env"},
		"something else refuses": {bare{}, 0, &probe.StatusError{Code: http.StatusForbidden}, "or what else it wants as headers"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			a := &acquisition{provider: test.provider, env: stage.Env{Now: func() time.Time { return now }}}
			w := &waiting{}
			server := &Server{URL: "http://h"}
			got := a.hopeless(w, server, test.err)
			now = now.Add(test.after)
			if test.after > 0 {
				got = a.hopeless(w, server, test.err)
			}
			switch {
			case test.want == "" && got != nil:
				t.Errorf("it gave up: %v", got)
			case test.want != "" && (got == nil || !strings.Contains(got.Error(), test.want)):
				t.Errorf("error = %v, want %q", got, test.want)
			}
		})
	}
}

func TestLookAtGPUsByExec(t *testing.T) {
	a := &acquisition{provider: execs{out: "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\n"}}
	got, err := a.lookAtGPUs(t.Context())
	if diff := cmp.Diff([]stage.DeviceGPU{{UUID: "GPU-1", Name: "NVIDIA H100 80GB HBM3"}}, got); err != nil || diff != "" {
		t.Errorf("GPUs: %v (-want +got):\n%s", err, diff)
	}
	a.provider = execs{err: errors.New("no such file")}
	if _, err := a.lookAtGPUs(t.Context()); err == nil || err.Error() != "nvidia-smi -L: no such file" {
		t.Errorf("error = %v", err)
	}
	a.provider = bare{}
	if got, err := a.lookAtGPUs(t.Context()); got != nil || err != nil {
		t.Errorf("a provider that cannot look: %v, %v", got, err)
	}
}
