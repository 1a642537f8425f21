package deploy_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

func TestEnvironment(t *testing.T) {
	getenv := func(name string) string { return map[string]string{"HF_TOKEN": "hf_abcdef"}[name] }
	env, err := deploy.NewEnvironment(map[string]string{"HF_TOKEN": "(sensitive)", "A": "1"}, getenv)
	if err != nil {
		t.Fatal(err)
	}
	more, err := deploy.NewEnvironment(map[string]string{"A": "2", "B": "3"}, getenv)
	if err != nil {
		t.Fatal(err)
	}
	env = env.With(more)
	if diff := cmp.Diff([]string{"A=2", "B=3", "HF_TOKEN=hf_abcdef"}, env.Strings()); diff != "" {
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
	_, err = deploy.NewEnvironment(map[string]string{"NO_TOKEN": "(sensitive)"}, getenv)
	want := "environment variable NO_TOKEN is empty: a plan keeps no secrets, so set NO_TOKEN where inferencex runs"
	if err == nil || err.Error() != want || stage.ReasonOf(err) != "secret_missing" {
		t.Errorf("error = %v, want %q", err, want)
	}
}
