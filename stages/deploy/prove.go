package deploy

import (
	"cmp"
	"context"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/probe"
)

// inspect finds out what the server is and how far away.
func (a *acquisition) inspect(ctx context.Context, p *probe.Probe, server *Server, model string) (stage.Endpoint, error) {
	e := stage.Endpoint{
		URL: p.URL(), Model: model, APIKeyEnv: server.APIKeyEnv, Headers: server.Headers,
		Engine: server.Engine, Power: server.Power,
	}
	sim, simulated, err := p.Simulator(ctx)
	if err != nil {
		return e, fmt.Errorf("ask whether it is simulated: %w", err)
	}
	if simulated {
		e.Engine, e.Simulated = "simulator", true
		e.Clock = stage.ServerClock{Speed: sim.Speed, EpochUnixNS: sim.EpochUnixNS}
		e.Power = stage.PowerSource{Kind: "simulator", URL: p.URL() + "/simulator/power"}
		e.GPUs = simulatedGPUs(sim)
	} else {
		engine, version := p.Engine(ctx)
		e.Engine, e.EngineVersion = cmp.Or(e.Engine, engine), version
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
		return ParseGPUs(string(out)), nil
	default:
		return nil, nil
	}
}
