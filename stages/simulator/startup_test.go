package simulator_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

func TestStartupFault(t *testing.T) {
	r := start(t, simulator.Config{StartupSeconds: 2, Faults: []simulator.Fault{{Kind: simulator.FaultStartup}}})
	err := r.Ended()
	var failed *simulator.StartupError
	if !errors.Is(err, simulator.ErrStartup) || !errors.As(err, &failed) || failed.Class != "cuda_oom" {
		t.Fatalf("Serve: %v, want a failed start", err)
	}
	if text := strings.Join(failed.Lines, "\n"); !strings.Contains(text, "torch.OutOfMemoryError: CUDA out of memory.") || !strings.Contains(text, "'"+model+"'") {
		t.Errorf("last words:\n%s", text)
	}
}

// A start can be doomed while it is under way, and no more once the server answers.
func TestStartupFaultByRequest(t *testing.T) {
	r := start(t, simulator.Config{Speed: 1, StartupSeconds: 1})
	if status, answer := r.text(t, "POST", "/simulator/faults", `{"kind":"startup","class":"driver"}`); status != http.StatusNoContent {
		t.Fatalf("arming: %d %s", status, answer)
	}
	var failed *simulator.StartupError
	if err := r.Ended(); !errors.As(err, &failed) || failed.Class != "driver" {
		t.Errorf("Serve: %v, want a failed start of class driver", err)
	}
}
