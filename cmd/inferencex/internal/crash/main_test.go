//go:build linux

// Package crash_test kills the real program at every boundary between two of its writes, and at random times, and holds what the next run finds and
// makes of it to three things: the provider has nothing that the journal does not, no sealed cell ran twice, and the tables are those of a run that
// nobody disturbed. `make crash` runs all of it; `go test` a part that takes half a minute.
package crash_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	whole = flag.Bool("whole", false, "kill at every boundary of every scenario")
	kills = flag.Int("kills", 5, "how often to kill at a random time")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random times")
)

// program is the inferencex under test, and self this binary, which is the servers that it starts.
var program, self string

// TestMain builds the program, or is one of the processes that it starts: the first argument is the role.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch role, args := os.Args[1], os.Args[2:]; role {
		case "serve":
			os.Exit(serve(args))
		case "daemon": // between a server and a worker that is to lose its parent
			os.Exit(daemon(args))
		case "worker":
			os.Exit(worker(args))
		}
	}
	flag.Parse()
	os.Exit(with(m))
}

// with runs the tests with a program to kill.
func with(m *testing.M) int {
	dir, err := os.MkdirTemp("", "crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "inferencex")
	if self, err = os.Executable(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	build := exec.Command("go", "build", "-o", program, "github.com/strangeloopio/inferencex/cmd/inferencex")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, text)
		return 1
	}
	return m.Run()
}
