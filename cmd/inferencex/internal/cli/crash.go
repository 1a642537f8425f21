package cli

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/sweep"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// crashVariable names the boundary at which the process kills itself, for tests of what the next one finds: a name that Boundaries lists, and
// behind a # which passing of it, if not the first. With crashTrace each boundary that is passed is told, and nothing else happens.
const (
	crashVariable = "INFERENCEX_CRASH"
	crashTrace    = "trace"
)

// Boundaries lists every place between two writes at which a process can be made to end.
func Boundaries() []string {
	return slices.Concat(journal.LeaseBoundaries(), checkpoint.CleaningBoundaries(), journal.Boundaries(), runBoundaries(),
		checkpoint.Boundaries(), run.Boundaries(), checkpoint.RemovalBoundaries(), sweep.Boundaries())
}

// crash returns what passes boundaries; nil unless a test wants the process to end at one. A name that is no boundary is an error: the test
// that gives it would prove nothing.
func (a *App) crash() (durable.Crash, error) {
	wanted, which, _ := strings.Cut(a.Getenv(crashVariable), "#")
	if wanted == "" {
		return nil, nil
	}
	if wanted != crashTrace && !slices.Contains(Boundaries(), wanted) {
		return nil, exit(ExitConfig, "%s: there is no boundary %q%s", crashVariable, wanted, block.Hint(wanted, Boundaries()))
	}
	left, err := strconv.Atoi(which)
	if err != nil {
		left = 1
	}
	var mu sync.Mutex
	return func(boundary string) {
		mu.Lock()
		defer mu.Unlock()
		if wanted == crashTrace {
			fmt.Fprintf(a.Stderr, "%s: passing %s\n", crashVariable, boundary)
		}
		if boundary != wanted {
			return
		}
		if left--; left == 0 {
			fmt.Fprintf(a.Stderr, "%s: killed at %s\n", crashVariable, boundary)
			kill()
		}
	}, nil
}

// kill ends this process as kill -9 does: nothing is cleaned up.
func kill() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until the signal arrives
}
