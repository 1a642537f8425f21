package simulator_test

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
)

// No machine carries the speed of this provider for these loads.
const (
	tooFast = `speed = 100000`
	said    = `16 users make \d+ chunks in a simulated second; at speed 100000 that is \d+ in a second of the wall clock, of which this machine with \d+ processors carries about \d+`
)

var crowd = []stage.Demand{{Users: 4, ISL: 64, OSL: 64}, {Users: 16, ISL: 64, OSL: 64}}

// A speed that this machine cannot carry is foretold by the plan, with the figures and the greatest one that it can.
func TestForecast(t *testing.T) {
	p := simulator.NewProvider()
	forecast := func(hcl string, demands []stage.Demand) []stage.Problem {
		_, args := deploytest.Under(t, p, hcl, qwen)
		return p.Forecast(args, qwen, demands)
	}
	got := forecast(tooFast, crowd)
	want := regexp.MustCompile(`^On 2 × H100, ` + said + `\. It will run at speed [\d.]+, the greatest for these loads\.$`)
	if len(got) != 1 || got[0].Where != stage.InProvider || got[0].Summary != "Speed beyond this machine" || !want.MatchString(got[0].Detail) {
		t.Errorf("it foretells %+v", got)
	}
	for hcl, demands := range map[string][]stage.Demand{`speed = 1`: crowd, tooFast: nil, `model = "no-such"`: crowd} {
		if got := forecast(hcl, demands); len(got) > 0 {
			t.Errorf("%s: it foretells %+v, want nothing", hcl, got)
		}
	}
}

// Such a speed is lowered when the server is made, and the run's events and the endpoint say to what.
func TestProviderLowersTheSpeed(t *testing.T) {
	var log strings.Builder
	env := deploytest.Env(nil)
	env.Log = slog.New(slog.NewTextHandler(&log, nil))
	_, live, err := deploytest.Acquire(t, env, simulator.NewProvider(), tooFast, stage.DeployConfig{Deployment: qwen, Demands: crowd})
	if err != nil {
		t.Fatal(err)
	}
	speed := live.Endpoint().Clock.Speed
	if speed < 1 || speed > 1000 {
		t.Errorf("it runs at speed %v: want one that a machine carries", speed)
	}
	if want := regexp.MustCompile(`level=WARN msg="speed [\d.]+ in place of 100000: ` + said + `"`); !want.MatchString(log.String()) {
		t.Errorf("the log is %q", log.String())
	}
}
