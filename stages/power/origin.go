package power

import (
	"context"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

const (
	localClockError = 20 * time.Millisecond // nvidia-smi prints the clock that the load reads, to its milliseconds
	csvClockError   = 500 * time.Millisecond
	// patience is how long a series may lag behind the clock: a pipe can hold the rows of some seconds back.
	patience = 6 * time.Second
)

// resolve turns auto into the source that the endpoint offers.
func resolve(opts options, at stage.Endpoint) string {
	if opts.Source != sourceAuto {
		return opts.Source
	}
	switch at.Power.Kind {
	case sourceSimulator, sourceSMI:
		return at.Power.Kind
	default:
		return sourceNone
	}
}

// origin returns the source of the task's readings.
func (k *Kind) origin(env stage.Env, task stage.Task, opts options) origin {
	at := endpoint(task)
	o := origin{name: resolve(opts, at)}
	switch o.name {
	case sourceSimulator:
		o.uuids = true
		o.source = &simulator{http: k.http, url: at.Power.URL, speed: at.Clock.Speed, now: env.Now, clock: stage.NewClock(env.Now, at.Clock)}
		if at.Power.URL == "" {
			o.source = nothing{`the endpoint is not simulated: set source = "auto"`}
		}
	case sourceSMI:
		o.uuids = true
		if s, ok := task.Watch.(*sampler); ok {
			o.source = s
		} else {
			o.source = nothing{"no nvidia-smi runs beside the deployment; the run's log says why"}
		}
	case sourceCSV:
		o.source = csvLogs{path: opts.Path, gpus: gpusOf(task)}
		if opts.Path == "" {
			o.source = nothing{`source = "csv" needs path = "…", a log or a folder of logs`}
		}
	default:
		o.source = nothing{"the endpoint offers no power readings"}
	}
	return o
}

func gpusOf(task stage.Task) int {
	cfg, _, _ := decode(task.Config)
	return cfg.GPUs
}

// nothing is the source of no readings, and why.
type nothing struct{ why string }

func (n nothing) readings(context.Context, int64, int64) (samples, error) {
	return samples{}, fmt.Errorf("%s", n.why)
}
