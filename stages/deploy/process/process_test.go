package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/process"
	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

func newProvider() *process.Provider {
	return process.New(process.Config{Guard: []string{os.Args[0], "guard"}, Simulator: os.Args[0]})
}

var qwen = stage.Deployment{Model: stage.Model{Repo: "Qwen/Qwen3-8B-FP8"}, GPUType: "H100", GPUs: 2}

func TestProvider(t *testing.T) {
	deploytest.Run(t, func(*testing.T) deploytest.Subject {
		return deploytest.Subject{
			Provider:   newProvider(),
			Deployment: engine("simulator"),
			Again:      func() deploy.Provider { return newProvider() },
		}
	})
}

// own is a deployment whose engine is this binary in a role.
func own(role string, args ...string) stage.Deployment {
	return command(append([]string{os.Args[0], role}, args...)...)
}

// command is a deployment whose engine has a command.
func command(argv ...string) stage.Deployment {
	d := qwen
	d.Engine = stage.Engine{Kind: "own", Command: argv}
	return d
}

// engine is a deployment with an engine of a kind.
func engine(kind string, args ...string) stage.Deployment {
	d := qwen
	d.Engine = stage.Engine{Kind: kind, Args: args}
	return d
}

var serveArgs = []string{"--served-model-name", "{alias}", "--gpus", "{gpus}", "--host", "{host}", "--port", "{port}"}

// acquire brings up a server by the provider block in HCL.
func acquire(t *testing.T, d stage.Deployment, hcl string, getenv func(string) string) (*deploy.Kind, stage.Env, stage.Live, error) {
	t.Helper()
	return acquireWith(t, stage.DeployConfig{Deployment: d}, hcl, deploytest.Env(getenv))
}

func acquireWith(t *testing.T, cfg stage.DeployConfig, hcl string, env stage.Env) (*deploy.Kind, stage.Env, stage.Live, error) {
	t.Helper()
	p := newProvider()
	args, err := block.Parse(p.Body(), hcl)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := block.CanonicalJSON(args)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Deployment.Provider = stage.Provider{Type: "process", Config: canonical}
	cfg.TTL, cfg.StartupTimeout = stage.Duration(time.Hour), stage.Duration(time.Minute)
	config, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	kind := deploy.New(p)
	live, err := kind.Acquire(t.Context(), env, stage.Task{Attempt: 1, Config: config, Dir: t.TempDir()}, &deploytest.Ledger{})
	if err == nil {
		t.Cleanup(func() {
			if err := kind.Release(context.Background(), env, live.Record()); err != nil {
				t.Error(err)
			}
		})
	}
	return kind, env, live, err
}

// alive are the processes among these that still run.
func alive(pids ...int) []int {
	var list []int
	for _, pid := range pids {
		if _, there := proc.Get(pid); there {
			list = append(list, pid)
		}
	}
	return list
}

// marked are the processes that carry a token.
func marked(t *testing.T, token string) []int {
	t.Helper()
	all, err := proc.All()
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, p := range all {
		if p.Getenv("INFERENCEX_TOKEN") == token {
			list = append(list, p.PID)
		}
	}
	return list
}

var workerLine = regexp.MustCompile(`^worker (\d+)$`)

// workers are the processes that the family role says it started.
func workers(t *testing.T, live stage.Live) []int {
	t.Helper()
	lines, err := live.Logs(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, line := range lines {
		if m := workerLine.FindStringSubmatch(line); m != nil {
			pid, _ := strconv.Atoi(m[1])
			pids = append(pids, pid)
		}
	}
	if len(pids) != 2 || len(alive(pids...)) != 2 {
		t.Fatalf("workers %v, of which %v live; want 2:\n%s", pids, alive(pids...), strings.Join(lines, "\n"))
	}
	return pids
}

func TestReleaseLeavesNothing(t *testing.T) {
	tests := map[string]struct{ role string }{
		"a server that ignores TERM":        {"stubborn"},
		"workers that hide and ignore TERM": {"family"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			kind, env, live, err := acquire(t, own(test.role, serveArgs...), `grace = "100ms"`, nil)
			if err != nil {
				t.Fatal(err)
			}
			pids := marked(t, live.Record().Token)
			if len(pids) < 2 {
				t.Fatalf("processes with the mark: %v; want the guard and the server", pids)
			}
			if test.role == "family" {
				pids = append(pids, workers(t, live)...)
			}
			if err := kind.Release(t.Context(), env, live.Record()); err != nil {
				t.Fatal(err)
			}
			if left := alive(pids...); len(left) > 0 {
				t.Errorf("processes %v outlive the release", left)
			}
		})
	}
}

// The guard is killed, so that Release finds only marks and a session whose leader is gone.
func TestReleaseWithoutGuard(t *testing.T) {
	kind, env, live, err := acquire(t, own("family", serveArgs...), `grace = "100ms"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	hidden := workers(t, live)
	guard, _ := strconv.Atoi(strings.Split(live.Record().ID, "/")[1])
	if err := syscall.Kill(guard, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := kind.Release(t.Context(), env, live.Record()); err != nil {
		t.Fatal(err)
	}
	// A worker that left the session and hides its mark as well cannot be found without the guard.
	if left := alive(hidden[1:]...); len(left) > 0 {
		t.Errorf("worker %v of the guard's session outlives the release", left)
	}
	if err := syscall.Kill(hidden[0], syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestServerThatEndsIsNotAlive(t *testing.T) {
	_, _, live, err := acquire(t, own("family", serveArgs...), `grace = "100ms"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	hidden := workers(t, live)
	for _, pid := range marked(t, live.Record().Token) {
		if p, there := proc.Get(pid); there && p.Getenv("INFERENCEX_GUARD") == "" {
			if err := p.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	wait(t, "the workers of a server that was killed to end", func() bool { return len(alive(hidden...)) == 0 })
	wait(t, "the provider to see how it ended", func() bool {
		err := live.Alive(t.Context())
		return err != nil && stage.ReasonOf(err) == "server_ended" && strings.Contains(err.Error(), "exit status 137")
	})
}

// wait polls until a condition holds.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// The kernel splits the connections between two servers that share a port, as vLLM lets them. Which of them answers first is chance.
func TestSharedPort(t *testing.T) {
	_, _, _, err := acquire(t, own("shared", serveArgs...), "", nil)
	if stage.ReasonOf(err) != "identity_mismatch" || !strings.Contains(err.Error(), `serves "stranger"`) {
		t.Errorf("acquire = %v; want that another server has the port too", err)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	const secret = "hf_not_to_be_seen"
	env := deploytest.Env(nil)
	env.Secret = func(name string) string { return map[string]string{"engine.own.env.TEST_SECRET": secret}[name] }
	cfg := stage.DeployConfig{
		Deployment: own("simulate", serveArgs...), SecretEnv: map[string]string{"TEST_SECRET": "engine.own.env.TEST_SECRET"},
	}
	_, _, live, err := acquireWith(t, cfg, "", env)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := live.Logs(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	log := strings.Join(lines, "\n")
	if strings.Contains(log, secret) || !strings.Contains(log, "with the secret (sensitive)") {
		t.Errorf("log = %q; want the secret hidden, and that the server had it", log)
	}
	if record := fmt.Sprintf("%+v %s", live.Record(), live.Record().Config); strings.Contains(record, secret) {
		t.Errorf("the record holds the secret: %s", record)
	}
}

func TestOtherMachine(t *testing.T) {
	h := deploy.Handle{Token: "ix-elsewhere", ID: "some-other-host/17/4711/8000"}
	err := newProvider().Destroy(t.Context(), h)
	if err == nil || !strings.Contains(err.Error(), "process 17 runs on some-other-host and this is ") {
		t.Errorf("destroy = %v; want on which machine to do it", err)
	}
}

func TestBadID(t *testing.T) {
	for _, id := range []deploy.ID{"17", "h/x/1/1", "h/1/x/1", "h/1/1/x"} {
		err := newProvider().Destroy(t.Context(), deploy.Handle{ID: id})
		if err == nil || !strings.Contains(err.Error(), "of a process is none") {
			t.Errorf("destroy %s = %v", id, err)
		}
	}
}

func TestInspectForeign(t *testing.T) {
	_, env, live, err := acquire(t, own("simulate", serveArgs...), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	args, _ := block.Parse(newProvider().Body(), "")
	h := deploy.Handle{
		Scope: deploy.Scope{Args: args, Env: env}, Deployment: own("simulate", serveArgs...),
		Token: deploy.Token(live.Record().Token), ID: deploy.ID(live.Record().ID),
	}
	other := newProvider()
	status, err := other.Inspect(t.Context(), h)
	if err != nil || status.Gone || status.Server == nil {
		t.Fatalf("inspect = %+v, %v; want a server", status, err)
	}
	if diff := cmp.Diff(live.Endpoint().URL, status.Server.URL); diff != "" {
		t.Errorf("URL (-want +got):\n%s", diff)
	}
	if lines, err := other.Logs(t.Context(), h, 5); err != nil || len(lines) == 0 {
		t.Errorf("logs = %q, %v; want the server's", lines, err)
	}
}
