package simulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/crew/crewtest"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// A server that panics at its start fails the step that starts it, with the stack and not with what a log
// of an engine would say.
func TestAPanicAtTheStartOfAServer(t *testing.T) {
	const driver = "simulator.(*driver).run"
	clock := crewtest.In(driver)
	env := deploytest.Env(nil)
	env.Now = clock.Now
	_, err := acquireIn(t, env, qwen, `speed = 50`, time.Hour)
	if stage.ReasonOf(err) != stage.ReasonPanic || !strings.Contains(err.Error(), driver) {
		t.Errorf("acquire = %v (%s), want the panic with the stack of the driver", err, stage.ReasonOf(err))
	}
}

// A server that panics in its life is gone by what the provider says, with the reason in few words; the
// stack is in its log. The deployment tells the panic, and is released like any other.
func TestAPanicInTheLifeOfAServer(t *testing.T) {
	const handler = "simulator.(*Server).Power"
	clock := crewtest.In(handler)
	env := deploytest.Env(nil)
	env.Now = clock.Now
	live, err := acquireIn(t, env, qwen, `speed = 50`, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	server := live.(stage.InProcess)
	if err := server.Panicked(); err != nil {
		t.Fatalf("Panicked = %v before anything went wrong", err)
	}
	if resp, err := http.Get(live.Endpoint().Power.URL); err == nil {
		resp.Body.Close()
		t.Fatalf("the handler that was to panic answers %s", resp.Status)
	}
	if p := crew.PanicIn(server.Panicked()); p == nil || p.Value != crewtest.Boom {
		t.Errorf("Panicked = %v, want the panic", server.Panicked())
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) { // until its last goroutine has ended
		err := live.Alive(t.Context())
		if err != nil && strings.HasSuffix(err.Error(), "has ended: panic: "+crewtest.Boom) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("Alive = %v, want the end and its reason in few words", err)
		}
	}
	log, err := live.Logs(t.Context(), 2000)
	if err != nil || !slices.ContainsFunc(log, func(line string) bool { return strings.Contains(line, handler) }) {
		t.Errorf("the log holds no stack: %v, %q", err, log)
	}
}
