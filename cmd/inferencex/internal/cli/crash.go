package cli

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// crashVariable names the boundary at which the process kills itself, for tests of what the next one finds: a name that journal.Boundaries and its
// likes list, and behind a # which passing of it, if not the first.
const crashVariable = "INFERENCEX_CRASH"

// crash returns what passes boundaries; nil unless a test wants the process to end at one.
func (a *App) crash() durable.Crash {
	wanted, which, _ := strings.Cut(a.Getenv(crashVariable), "#")
	if wanted == "" {
		return nil
	}
	left, err := strconv.Atoi(which)
	if err != nil {
		left = 1
	}
	var mu sync.Mutex
	return func(boundary string) {
		mu.Lock()
		defer mu.Unlock()
		if boundary != wanted {
			return
		}
		if left--; left == 0 {
			kill()
		}
	}
}

// kill ends this process as kill -9 does: nothing is cleaned up.
func kill() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // until the signal arrives
}
