package simulator

import (
	"fmt"
	"math"
	"runtime"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// A speed makes chunks come so much faster by the wall clock, and a machine writes and reads only so many of them in a second before they come late.
// Measured with client and server on two processors: up to 39,000 a second the means of a load were within 5 % of the model's and 99 % of the chunks
// within 0.5 ms; at 58,000 the first tokens were 14 % off. This is six tenths of the former, for whatever else the machine has to do. A measurement
// at start-up, when a program is busiest with other things, would be worse than the constant.
const (
	chunksPerProcessor = 12000
	mostProcessors     = 8 // that are counted on: with more it has not been measured
)

// carried is how many chunks in a second of the wall clock a machine carries, the client's part included.
func carried(processors int) float64 {
	return chunksPerProcessor * float64(min(processors, mostProcessors))
}

// tempo is how fast a server can run for the loads that are planned on it.
type tempo struct {
	asked, speed float64      // the latter is the greatest that the machine carries, or the one asked for
	demand       stage.Demand // that makes the most chunks,
	chunks       float64      // and how many in a simulated second
	processors   int
}

// tempoOf finds the speed at which a machine carries the loads. The configuration is one that New takes.
func tempoOf(c simulator.Config, demands []stage.Demand, processors int) (tempo, error) {
	c = c.WithDefaults()
	p := tempo{asked: c.Speed, speed: c.Speed, processors: processors}
	for _, d := range demands {
		chunks, err := chunkRate(c, d)
		if err != nil {
			return p, err
		}
		if chunks > p.chunks {
			p.demand, p.chunks = d, chunks
		}
	}
	if greatest := carried(processors) / p.chunks; p.speed > greatest {
		p.speed = roundDown(greatest)
	}
	return p, nil
}

// chunkRate is how many chunks the server makes in a simulated second of a load, while all of its users' answers are written and no prompt is
// read in between.
func chunkRate(c simulator.Config, d stage.Demand) (float64, error) {
	c = c.WithDefaults()
	machine, err := c.Machine()
	if err != nil {
		return 0, err
	}
	e, err := c.Engine()
	if err != nil {
		return 0, err
	}
	running := min(e.MaxNumSeqs(), max(1, e.CapacityTokens()/max(1, d.ISL+d.OSL)))
	if d.Users > 0 {
		running = min(running, d.Users)
	}
	step := machine.Step(hardware.Batch{Sequences: running, Decode: running, ContextTokens: running * (d.ISL + d.OSL/2)})
	rate := float64(running) / step.Seconds
	if d.RateRPS > 0 {
		rate = min(rate, d.RateRPS*float64(d.OSL))
	}
	return rate / float64(max(1, c.StreamInterval)), nil
}

// roundDown keeps two digits, for people to read.
func roundDown(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Floor(v/unit+1e-9) * unit
}

// String says why a speed is not the one asked for.
func (p tempo) String() string {
	load := fmt.Sprintf("%d users", p.demand.Users)
	if p.demand.RateRPS > 0 {
		load = fmt.Sprintf("%g requests a second", p.demand.RateRPS)
	}
	return fmt.Sprintf("%s make %.0f chunks in a simulated second; at speed %g that is %.0f in a second of the wall clock, of which this machine with %d processors carries about %.0f",
		load, p.chunks, p.asked, p.chunks*p.asked, p.processors, carried(p.processors))
}

// lowerSpeed lowers the speed to what this machine carries of the loads, and returns what to say of it: nothing where the speed stays.
func lowerSpeed(c *simulator.Config, demands []stage.Demand) (string, error) {
	p, err := tempoOf(*c, demands, runtime.GOMAXPROCS(0))
	if err != nil || p.speed == p.asked {
		return "", err
	}
	c.Speed = p.speed
	return fmt.Sprintf("speed %g in place of %g: %s", p.speed, p.asked, p), nil
}

var _ deploy.Forecaster = (*Provider)(nil)

// Forecast tells where the speed will be lowered to what this machine carries.
func (*Provider) Forecast(args cty.Value, d stage.Deployment, demands []stage.Demand) []stage.Problem {
	cfg, err := configure("check", deploy.Spec{Scope: deploy.Scope{Args: args}, Deployment: d})
	if err != nil || len(checkEngine(&cfg, d.Engine)) > 0 {
		return nil
	}
	p, err := tempoOf(cfg, demands, runtime.GOMAXPROCS(0))
	if err != nil || p.speed == p.asked {
		return nil
	}
	return []stage.Problem{{
		Where: stage.InProvider, Summary: "Speed beyond this machine",
		Detail: fmt.Sprintf("On %d × %s, %s. It will run at speed %g, the greatest for these loads.", d.GPUs, d.GPUType, p, p.speed),
	}}
}
