package process_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

func TestTimeLimit(t *testing.T) {
	p := newProvider()
	args, err := blocktest.Parse(p.Body(), "")
	if err != nil {
		t.Fatal(err)
	}
	scope := deploy.Scope{Args: args, Env: deploytest.Env(nil)}
	spec := deploy.Spec{Scope: scope, Deployment: own("simulate", serveArgs...), TTL: 300 * time.Millisecond, Dir: t.TempDir()}
	h := deploy.Handle{Scope: scope, Deployment: qwen, Token: "ix-time-limit"}
	if h.ID, err = p.Create(t.Context(), h.Token, spec); err != nil {
		t.Fatal(err)
	}
	wait(t, "the server's time limit", func() bool {
		status, err := p.Inspect(t.Context(), h)
		return err == nil && status.Gone
	})
	if left := marked(t, string(h.Token)); len(left) > 0 {
		t.Errorf("processes %v outlive the time limit", left)
	}
	log, err := os.ReadFile(filepath.Join(spec.Dir, "server.log"))
	if err != nil || !strings.Contains(string(log), "its time limit of 300ms has passed") {
		t.Errorf("log = %q, %v; want why it ended", log, err)
	}
	if err := p.Destroy(t.Context(), h); err != nil {
		t.Error(err)
	}
}

// parent creates a server as inferencex would, says so and waits to be killed.
func parent(args []string) int {
	p := newProvider()
	body, err := blocktest.Parse(p.Body(), `grace = "100ms"`)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	spec := deploy.Spec{
		Scope: deploy.Scope{Args: body, Env: deploytest.Env(nil)}, Deployment: own("family", serveArgs...), TTL: time.Hour, Dir: args[0],
	}
	id, err := p.Create(context.Background(), "ix-orphan", spec)
	fmt.Println(id, err)
	select {}
}

func TestServerEndsWithInferencex(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "parent", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "server.log")
	wait(t, "the server", func() bool {
		text, _ := os.ReadFile(log)
		return strings.Contains(string(text), "serving at")
	})
	pids := marked(t, "ix-orphan")
	text, _ := os.ReadFile(log)
	for _, line := range strings.Split(string(text), "\n") {
		if m := workerLine.FindStringSubmatch(line); m != nil {
			pid, _ := strconv.Atoi(m[1])
			pids = append(pids, pid)
		}
	}
	if len(alive(pids...)) != 4 {
		t.Fatalf("processes %v, of which %v live; want guard, server and two workers", pids, alive(pids...))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wait(t, "the orphaned server to end", func() bool { return len(alive(pids...)) == 0 })
}
