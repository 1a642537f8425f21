package deploy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

func TestEnvironment(t *testing.T) {
	cfg := stage.DeployConfig{SecretEnv: map[string]string{"HF_TOKEN": "engine.vllm.env.HF_TOKEN"}}
	cfg.Deployment.Engine.Env = map[string]string{"A": "2", "Z": "3"}
	env, err := newEnvironment(cfg, func(name string) string {
		return map[string]string{"engine.vllm.env.HF_TOKEN": "hf_abcdef"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"A=2", "HF_TOKEN=hf_abcdef", "Z=3"}, env.Strings()); diff != "" {
		t.Errorf("strings (-want +got):\n%s", diff)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		text := fmt.Sprintf(verb, env)
		if env.Redact(text) != text {
			t.Errorf("%s shows the secret: %s", verb, text)
		}
	}
	if got := env.Redact("token hf_abcdef, A=2"); got != "token (sensitive), A=2" {
		t.Errorf("redacted = %q", got)
	}
	key := Environment{{Name: "KEY", Value: "-----BEGIN\nMIIEvQIBADANBg\n=\n", Secret: true}}
	if got := key.Redact("read MIIEvQIBADANBg = ok"); got != "read (sensitive) = ok" {
		t.Errorf("a line of a secret: %q", got)
	}
}
