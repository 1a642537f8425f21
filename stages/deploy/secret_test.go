package deploy

import (
	"fmt"
	"strings"
	"testing"
)

func TestSecretsOfTheSuiteReachTheServerAlone(t *testing.T) {
	value := "hf_" + "verysecret"
	env, err := secretEnvironment(map[string]string{"HF_TOKEN": "engine.vllm.env.HF_TOKEN"}, func(name string) string {
		return map[string]string{"engine.vllm.env.HF_TOKEN": value}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := env.Strings(); len(got) != 1 || got[0] != "HF_TOKEN="+value {
		t.Errorf("the server gets %q", got)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", env, env, env, env.Redact("token "+value)); strings.Contains(printed, value) {
		t.Errorf("printed: %s", printed)
	}
	_, err = secretEnvironment(map[string]string{"HF_TOKEN": "engine.vllm.env.HF_TOKEN"}, nil)
	if want := "environment variable HF_TOKEN is empty: give a value to engine.vllm.env.HF_TOKEN in the suite"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
