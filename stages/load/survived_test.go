package load_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// mortal is a deployment of which somebody says whether it is alive.
type mortal struct {
	stage.Live
	alive func() error
}

func (m mortal) Alive(context.Context) error { return m.alive() }

// failing is a server that fails so many requests of a load.
func failing(t *testing.T, env *stage.Env, cfg *stage.LoadConfig, requests int) stage.Endpoint {
	t.Helper()
	server, endpoint := simulate(t, fast)
	cfg.Workload.OSL = length.Of(200) // so that it is not over when its first figures are shown
	var once sync.Once
	env.Progress = func(stage.Progress) {
		once.Do(func() { // the probes are over
			if requests == 0 {
				return
			}
			if err := server.Arm(simulator.Fault{Kind: simulator.FaultHTTP500, Count: requests}); err != nil {
				t.Error(err)
			}
		})
	}
	return endpoint
}

// What is said of a deployment when its load is over decides whether there is a result. That it has ended
// always does, and less certain signs where a request has failed.
func TestWhatADeploymentMustOutlive(t *testing.T) {
	ended := stage.Failf(stage.Permanent, stage.ReasonServerEnded, "it has ended")
	refuses := stage.Failf(stage.Transient, stage.ReasonServerEnded, "nothing listens")
	unwell := stage.Failf(stage.Transient, stage.ReasonEngineDead, "it is not well")
	far := stage.Failf(stage.Transient, stage.ReasonUnreachable, "no connection")
	unseen := stage.Failf(stage.Transient, "provider_silent", "nobody could look")
	const gone = ", and the deployment is gone: "
	const answered = "load: 16 requests answered and none failed" + gone
	some := func(n int) string { return fmt.Sprintf("load: %d of 16 requests failed", n) + gone }
	for name, test := range map[string]struct {
		fail  int // requests of 16
		alive error
		want  string // empty: there is a result
		class stage.ErrorClass
	}{
		"all is well":                         {0, nil, "", ""},
		"requests failed, and it lives":       {3, nil, "", ""},
		"it ended behind the last answer":     {0, ended, answered + "it has ended", stage.Permanent},
		"it refuses behind the last answer":   {0, refuses, answered + "nothing listens", stage.Transient},
		"it is unwell behind the last answer": {0, unwell, "", ""},
		"it is far behind the last answer":    {0, far, "", ""},
		"nobody could look":                   {3, unseen, "", ""},
		"it ended over requests":              {3, ended, some(3) + "it has ended", stage.Permanent},
		"it refuses after failures":           {1, refuses, some(1) + "nothing listens", stage.Transient},
		"it is unwell after failures":         {1, unwell, some(1) + "it is not well", stage.Transient},
		"it is out of reach after failures":   {1, far, some(1) + "no connection", stage.Transient},
		"all failed": {
			16, ended, "load: all of 16 requests failed; the first ended with http_error: HTTP 500: not today" +
				gone + "it has ended", stage.Permanent,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cell(2)
			env, endpoint := environment(), stage.Endpoint{}
			if test.fail == 16 {
				endpoint = refuser(t, http.StatusInternalServerError)
			} else {
				endpoint = failing(t, &env, &cfg, test.fail)
			}
			task := task(t, endpoint, cfg)
			task.Incarnation.Live = mortal{task.Incarnation.Live, func() error { return test.alive }}
			err := load.New().Run(t.Context(), env, task)
			_, sealed := os.Stat(filepath.Join(task.Dir, "requests.parquet"))
			if test.want == "" {
				if err != nil || sealed != nil {
					t.Errorf("%v, %v", err, sealed)
				}
				return
			}
			if err == nil || err.Error() != test.want || stage.ReasonOf(err) != "endpoint_gone" ||
				stage.ClassOf(err) != test.class {
				t.Errorf("%s %s: %v\nwant %s", stage.ClassOf(err), stage.ReasonOf(err), err, test.want)
			}
			if !errors.Is(sealed, fs.ErrNotExist) || len(journal(t, task.Dir)) != 16 {
				t.Errorf("there is a table (%v), or the journal lacks rows", sealed)
			}
		})
	}
}

// A server that is gone before the first request is known by the same reason.
func TestDeploymentIsGoneBeforeItsLoad(t *testing.T) {
	task := task(t, refuser(t, http.StatusInternalServerError), cell(2))
	task.Incarnation.Live = mortal{task.Incarnation.Live, func() error {
		return stage.Failf(stage.Permanent, stage.ReasonServerEnded, "it has ended")
	}}
	task.Incarnation = &stage.Incarnation{Live: elsewhere{task.Incarnation.Live}}
	err := load.New().Run(t.Context(), environment(), task)
	const want = "load: prepare prompts: tokenize: dial tcp 127.0.0.1:1: connect: connection refused, " +
		"and the deployment is gone: it has ended"
	if err == nil || err.Error() != want || stage.ReasonOf(err) != "endpoint_gone" ||
		stage.ClassOf(err) != stage.Permanent {
		t.Errorf("%s %s: %v", stage.ClassOf(err), stage.ReasonOf(err), err)
	}
}

// elsewhere is a deployment at an address where nobody listens.
type elsewhere struct{ stage.Live }

func (elsewhere) Endpoint() stage.Endpoint { return stage.Endpoint{URL: "http://127.0.0.1:1"} }

// A load that is stopped while it asks does not pass for one that the deployment outlived, unless nothing
// had failed.
func TestStoppedWhileItAsks(t *testing.T) {
	for failed, want := range map[int]error{0: nil, 2: context.Canceled} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		env, cfg := environment(), cell(2)
		endpoint := failing(t, &env, &cfg, failed)
		task := task(t, endpoint, cfg)
		task.Incarnation.Live = mortal{task.Incarnation.Live, func() error {
			cancel()
			return context.Canceled
		}}
		if err := load.New().Run(ctx, env, task); !errors.Is(err, want) {
			t.Errorf("%d requests had failed: %v, want %v", failed, err, want)
		}
	}
}
