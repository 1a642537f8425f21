package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/process"
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
	kind, live, err := deploytest.Acquire(t, env, newProvider(), hcl, cfg)
	return kind, env, live, err
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
	logs := t.TempDir()
	kind, _, live, err := acquireWith(t, cfg, fmt.Sprintf("log_dir = %q", logs), env)
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
	if err := kind.Release(t.Context(), env, live.Record()); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(logs)
	if err != nil || len(files) != 1 {
		t.Fatalf("logs: %v, %v", files, err)
	}
	kept, err := os.ReadFile(filepath.Join(logs, files[0].Name()))
	if err != nil || strings.Contains(string(kept), secret) || !strings.Contains(string(kept), "with the secret (sensitive)\n") {
		t.Errorf("the log that is kept: %q, %v", kept, err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode: %v, %v", info.Mode(), err)
	}
}

func TestInspectForeign(t *testing.T) {
	_, env, live, err := acquire(t, own("simulate", serveArgs...), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	args, _ := blocktest.Parse(newProvider().Body(), "")
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
