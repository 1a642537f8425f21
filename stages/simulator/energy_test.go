package simulator_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

// plant is a scheduler on its GPUs and their sensors, in virtual time, and what the model says that the GPUs draw.
type plant struct {
	engine  *engine.Engine
	sensor  *sensor.Recorder
	idle    float64 // W of a GPU without work
	spans   []engine.Span
	last    time.Duration // end of the latest emission
	serials uint64
}

func newPlant(t *testing.T, profile string, gpus int) *plant {
	t.Helper()
	var hw hardware.Config
	var err error
	if hw.Model, err = hardware.LookupModel("Qwen3-8B-FP8"); err != nil {
		t.Fatal(err)
	}
	if hw.GPU, err = hardware.LookupGPU("H100"); err != nil {
		t.Fatal(err)
	}
	if hw.Profile, err = hardware.LookupProfile(profile); err != nil {
		t.Fatal(err)
	}
	hw.GPUs = gpus
	machine, err := hardware.New(hw)
	if err != nil {
		t.Fatal(err)
	}
	p := &plant{idle: machine.ContextWatts()}
	p.sensor = sensor.New(sensor.Config{
		GPUs: gpus, Exact: true, BareWatts: hw.GPU.IdleWatts, ContextWatts: p.idle, TDPWatts: hw.GPU.TDPWatts, SMClockHz: 1980e6, MemoryBytes: 72e9,
	})
	p.engine, err = engine.New(engine.Config{Machine: machine, OnSpan: func(s engine.Span) {
		p.spans = append(p.spans, s)
		p.sensor.Add(sensor.Span{Start: s.Start, End: s.End, Watts: s.PowerWatts, Busy: s.Busy, Bandwidth: s.Bandwidth})
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// submit has n requests come at a time, and everything before it happen.
func (p *plant) submit(t *testing.T, at time.Duration, n, output int) {
	t.Helper()
	p.until(at)
	for range n {
		p.serials++
		if err := p.engine.Submit(engine.Request{ID: p.serials, At: at, PromptTokens: 512, OutputTokens: output}); err != nil {
			t.Fatal(err)
		}
	}
}

// until lets everything happen up to a time; zero: all there is.
func (p *plant) until(end time.Duration) {
	for next, busy := p.engine.Next(); busy && (end == 0 || next <= end); next, busy = p.engine.Next() {
		for _, m := range p.engine.Advance(next) {
			p.last = m.At
		}
	}
	if end > 0 {
		p.engine.Advance(end)
	}
}

// joules is the integral of the model's power of one GPU, by no other way than its definition.
func (p *plant) joules(from, to time.Duration) float64 {
	sum, busy := 0.0, time.Duration(0)
	for _, s := range p.spans {
		if d := min(s.End, to) - max(s.Start, from); d > 0 {
			sum += s.PowerWatts * d.Seconds()
			busy += d
		}
	}
	return sum + p.idle*(to-from-busy).Seconds()
}

// rows are what the sensors say until a time, with or without their counter.
func (p *plant) rows(until time.Duration, counter bool) []table.Power {
	var rows []table.Power
	for _, r := range p.sensor.Read(until, 0, until) {
		row := table.Power{
			TUnixNS: int64(r.At), GPUIndex: int32(r.GPU), GPUUUID: p.sensor.UUIDs()[r.GPU], PowerWatts: &r.AverageWatts, PowerKind: "avg1s",
		}
		if counter {
			row.EnergyJoules = &r.EnergyJoules
		}
		rows = append(rows, row)
	}
	return rows
}

// The energy that sensors without calibration error tell is the integral of the model's power, within half a percent, over loads with gaps of idleness:
// by the counter, by the padded average, and for the whole run by the sum of the 1-s averages. What the counter misses is where the load begins and
// ends between two readings of it, which are 100 ms apart.
func TestEnergyIsTheIntegralOfPower(t *testing.T) {
	loads := map[string]func(*testing.T, *plant, time.Duration){
		"one user with pauses": func(t *testing.T, p *plant, at time.Duration) {
			for i := range time.Duration(6) {
				p.submit(t, at+i*2730*time.Millisecond, 1, 100)
			}
		},
		"waves": func(t *testing.T, p *plant, at time.Duration) {
			for i := range time.Duration(8) {
				p.submit(t, at+i*5110*time.Millisecond, 32, 150)
			}
		},
		"one burst": func(t *testing.T, p *plant, at time.Duration) { p.submit(t, at, 100, 2000) },
	}
	const pad = 5 * time.Second
	for name, load := range loads {
		for _, profile := range []string{"graphs", "modal-eager"} {
			for _, gpus := range []int{1, 4} {
				t.Run(fmt.Sprintf("%s, %s, %d GPUs", name, profile, gpus), func(t *testing.T) {
					p := newPlant(t, profile, gpus)
					from := pad + 1037*time.Millisecond // in step with no reading
					load(t, p, from)
					p.until(0)
					to := p.last
					end := to + pad + time.Second
					truth := float64(gpus) * p.joules(from, to)
					if idle := truth / (float64(gpus) * p.idle * (to - from).Seconds()); idle < 1.05 {
						t.Fatalf("%.2f times the idle power: no load", idle)
					}
					within := func(what string, got, percent float64) {
						off := 100 * (got/truth - 1)
						t.Logf("%-8s %10.1f J, %10.1f J are true: %+.3f %%", what, got, truth, off)
						if math.Abs(off) > percent {
							t.Errorf("%s: %.1f J, the model's power integrates to %.1f J: %+.2f %%", what, got, truth, off)
						}
					}
					for _, c := range []struct {
						method  energy.Method
						counter bool
					}{{energy.Counter, true}, {energy.Padded, false}} {
						got := energy.Estimate(p.rows(end, c.counter), energy.Query{FromUnixNS: int64(from), ToUnixNS: int64(to), Devices: gpus, PadSeconds: pad.Seconds()})
						if !got.Valid || got.Method != c.method {
							t.Fatalf("%s: %+v", c.method, got)
						}
						within(string(c.method), *got.Joules, 0.5)
					}
					// The averages of whole seconds leave nothing out and count nothing twice.
					sum := 0.0
					whole := end / time.Second * time.Second
					for _, row := range p.rows(whole, false) {
						if row.TUnixNS%1e9 == 0 && row.TUnixNS > 0 {
							sum += *row.PowerWatts
						}
					}
					truth = float64(gpus) * p.joules(0, whole)
					within("averages", sum, 0.001)
				})
			}
		}
	}
}
