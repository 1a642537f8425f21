package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSimulateServes starts the verb, reads from its one line where it listens, and finds there what the flags asked for.
func TestSimulateServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	cmd := newSimulate(&App{Stdout: in})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(longFlags([]string{
		"-port", "0", "-gpus", "2", "-gpu", "H200", "-served-model-name", "a,b", "-speed", "50", "-seed", "7", "-max-model-len", "4096",
		"-enable-prefix-caching", "-profile", "offline", "-startup", "1ms", "-fault", "http_500", "-fault", `{"kind":"http_429","count":2}`,
	}))
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`^Simulating a, b on 2 × H200 \(profile offline, 50 simulated seconds a second\) at (http://127\.0\.0\.1:\d+)\n$`).FindStringSubmatch(line)
	if said == nil {
		t.Fatalf("it said %q", line)
	}
	var info struct {
		Simulated   bool
		Served      []string
		Speed       float64
		Seed        uint64
		GPUs        int
		MaxModelLen int `json:"max_model_len"`
	}
	if err := json.Unmarshal([]byte(ask(t, "GET", said[1]+"/simulator/info", "", 200)), &info); err != nil || !info.Simulated || info.Speed != 50 ||
		info.Seed != 7 || info.GPUs != 2 || info.MaxModelLen != 4096 || !cmp.Equal(info.Served, []string{"a", "b"}) {
		t.Errorf("info %+v, %v", info, err)
	}
	const chat = `{"model":"b","max_tokens":4,"ignore_eos":true,"messages":[{"role":"user","content":"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"}]}`
	for _, status := range []int{500, 429, 429, 200} { // the faults, in their order
		ask(t, "POST", said[1]+"/v1/chat/completions", chat, status)
	}
	if again := ask(t, "POST", said[1]+"/v1/chat/completions", chat, 200); !strings.Contains(again, `"completion_tokens":4`) || !strings.Contains(again, `"cached_tokens":16`) {
		t.Errorf("the second answer: %s: want 4 tokens and a block of the prompt from the prefix cache", again)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("after ^C: %v, want nil", err)
	}
}

func ask(t *testing.T, method, url, body string, status int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s %s: %s, %v: %s; want %d", method, url, res.Status, err, text, status)
	}
	return string(text)
}
