package startup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
)

// TestClassify reads testdata/REASON.SOURCE.log: the log of a failed start. Its root cause stands in the .want file beside it.
func TestClassify(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs in testdata: %v", err)
	}
	seen := map[startup.Reason]bool{}
	for _, path := range logs {
		name := strings.TrimSuffix(filepath.Base(path), ".log")
		t.Run(name, func(t *testing.T) {
			reason, _, _ := strings.Cut(name, ".")
			seen[startup.Reason(reason)] = true
			got, ok := startup.Classify(strings.Split(read(t, path), "\n"))
			if !ok {
				t.Fatal("not classified")
			}
			if string(got.Reason) != reason {
				t.Errorf("reason = %s, want %s", got.Reason, reason)
			}
			want := strings.TrimSpace(read(t, strings.TrimSuffix(path, ".log")+".want"))
			if diff := cmp.Diff(want, strings.Join(got.Lines, "\n")); diff != "" {
				t.Errorf("root cause (-want +got):\n%s", diff)
			}
			if got.Advice == "" || got.Class == "" {
				t.Errorf("no advice or class: %+v", got)
			}
		})
	}
	for _, reason := range startup.Reasons() {
		if !seen[reason] {
			t.Errorf("no log in testdata for %s", reason)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestClassifyHealthyLog(t *testing.T) {
	lines := []string{
		`INFO 09-28 15:47:10 [utils.py:2770] Port 8000 is already in use, trying port 8001`,
		`(EngineCore_DP0 pid=7) WARNING 09-28 15:47:11 [cuda.py:20] CUDA out of memory was seen by an earlier run`,
		`(APIServer pid=5) INFO:     Application startup complete.`,
		`INFO:     127.0.0.1:40112 - "GET /health HTTP/1.1" 200 OK`,
	}
	if f, ok := startup.Classify(lines); ok {
		t.Errorf("a healthy log was called %v", f)
	}
}

func TestFailureError(t *testing.T) {
	f, _ := startup.Classify([]string{
		"(APIServer pid=9) RuntimeError: Engine core initialization failed. See root cause above.",
		"vllm: error: unrecognized arguments: --disable-log-requests",
	})
	want := "bad_flag: vllm: error: unrecognized arguments: --disable-log-requests — " +
		"the engine does not know an argument: check the suite's engine args against the engine's version"
	if diff := cmp.Diff(want, f.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f.Class != stage.Permanent {
		t.Errorf("class = %s, want permanent: the same arguments fail again", f.Class)
	}
}

func TestPlain(t *testing.T) {
	tests := map[string]struct{ line, want string }{
		"engine core":  {"(EngineCore_DP0 pid=6880) ERROR 10-24 18:01:02 [core.py:708] ValueError: no", "ValueError: no"},
		"older engine": {"ERROR 02-07 11:28:26 engine.py:389] ValueError: no", "ValueError: no"},
		"bare":         {"  OSError: no\n", "OSError: no"},
		"no message":   {"(APIServer pid=1) ", ""},
		"long":         {strings.Repeat("é", 300), strings.Repeat("é", 200) + "…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := startup.Plain(test.line); got != test.want {
				t.Errorf("Plain(%q) = %q, want %q", test.line, got, test.want)
			}
		})
	}
}
