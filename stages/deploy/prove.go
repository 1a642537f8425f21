package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/probe"
)

// inspect finds out what the server is and how far away.
func (a *acquisition) inspect(ctx context.Context, p *probe.Probe, server *Server, model string) (stage.Endpoint, error) {
	e := stage.Endpoint{
		URL: p.URL(), Model: model, APIKeyEnv: server.APIKeyEnv, Headers: server.Headers, Trust: server.Trust,
		Power: server.Power, MetricsURLs: server.MetricsURLs,
	}
	_, e.Borrowed = a.provider.(Borrower)
	sim, simulated, err := p.Simulator(ctx)
	if err != nil {
		return e, fmt.Errorf("ask whether it is simulated: %w", err)
	}
	if simulated {
		e.Engine, e.Simulated = "simulator", true
		e.Clock = stage.ServerClock{Speed: sim.Speed, EpochUnixNS: sim.EpochUnixNS}
		e.Power = stage.PowerSource{Kind: "simulator", URL: p.URL() + "/simulator/power"}
		e.GPUs = simulatedGPUs(sim)
		a.env.Log.Info(fmt.Sprintf("simulated, at speed %g: times, tokens and power come from a model of the hardware", sim.Speed))
	} else {
		e.Engine, e.EngineVersion = p.Engine(ctx)
		e.Engine = a.nameEngine(e.Engine)
		if e.GPUs, err = a.lookAtGPUs(ctx); err != nil {
			return e, fmt.Errorf("look at its GPUs: %w", err)
		}
	}
	if err := compareGPUs(a.cfg.Deployment, e.GPUs); err != nil {
		return e, err
	}
	// A simulated server's second may be short: the round trip is told in its seconds, as all times of a measurement are.
	clock := stage.NewClock(a.env.Now, e.Clock)
	if e.RTTSeconds, err = p.RTT(ctx, rttSamples, clock.NowNS); err != nil {
		return e, fmt.Errorf("measure the round trip: %w", err)
	}
	return e, nil
}

// unknownEngine is the engine of a server that does not betray it.
const unknownEngine = "unknown"

// nameEngine decides what the server's software is called: what it shows itself to be, or else what the suite says. Where they differ the
// suite's label would stand over another engine's numbers, which is for a person to know and not for a run to end over.
func (a *acquisition) nameEngine(seen string) string {
	said := strings.ReplaceAll(a.cfg.Deployment.Engine.Kind, ".", "") // llama.cpp is llamacpp in tables
	switch {
	case said == "" || seen == said:
		return seen
	case seen == unknownEngine:
		return said
	}
	a.env.Log.Warn(fmt.Sprintf("the suite says that the engine is %s, and the server shows itself to be %s: correct the engine's kind", said, seen))
	return seen
}

// simulatedGPUs are the GPUs that a simulator says it has.
func simulatedGPUs(sim probe.Simulator) []stage.DeviceGPU {
	var gpus []stage.DeviceGPU
	for i, uuid := range sim.GPUUUIDs {
		gpus = append(gpus, stage.DeviceGPU{Index: i, UUID: uuid, Name: sim.GPUName})
	}
	return gpus
}

// lookAtGPUs asks the provider for the GPUs as seen from inside; nil if it has no way to look.
func (a *acquisition) lookAtGPUs(ctx context.Context) ([]stage.DeviceGPU, error) {
	switch p := a.provider.(type) {
	case GPULister:
		return p.GPUs(ctx, a.handle)
	case Execer:
		out, err := p.Exec(ctx, a.handle, []string{"nvidia-smi", "-L"})
		if err != nil {
			return nil, fmt.Errorf("nvidia-smi -L: %w", err)
		}
		return parseGPUs(string(out)), nil
	default:
		return nil, nil
	}
}
