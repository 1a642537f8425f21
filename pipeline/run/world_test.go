package run

import (
	"os"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// A name of any length has a folder of its own, on file systems whose names have 255 bytes.
func TestAttemptsAtAStepWithALongName(t *testing.T) {
	w := world{Config{Dir: t.TempDir()}}
	made := map[string]bool{}
	for _, key := range []string{
		"qwen/h100/1gpu", strings.Repeat("q", 190), strings.Repeat("q", 191), strings.Repeat("q", 400), strings.Repeat("q", 401), strings.Repeat("Ü ü", 120),
	} {
		for range 2 {
			dir, err := w.makeAttemptDir(addr.Step{Kind: "deploy", Name: "local.p", Key: key})
			if err != nil {
				t.Fatal(err)
			}
			if made[dir] {
				t.Errorf("%s twice", dir)
			}
			made[dir] = true
		}
		if err := os.WriteFile(keptLogIn(t, w, key), nil, 0o644); err != nil {
			t.Error(err)
		}
	}
}

func keptLogIn(t *testing.T, w world, key string) string {
	t.Helper()
	if err := os.MkdirAll(w.Dir+"/logs", 0o755); err != nil {
		t.Fatal(err)
	}
	return keptLog(w.Dir, addr.Step{Kind: "deploy", Name: "local.p", Key: key})
}
