package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/suite"
)

// cellNamer returns the function that names the cells of a benchmark: model/gpu/count/users/lengths/trial, or
// model/gpu/count/trace/trial. Engine, provider and workload stand in the name only where the benchmark
// varies them, so that the common name stays short.
func cellNamer(bench *suite.Benchmark) func(suite.Cell) string {
	engines, providers, workloads := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range bench.Cells {
		engines[engineName(c.Engine)] = true
		providers[providerName(c.Provider)] = true
		workloads[c.Workload.Name] = true
	}
	return func(c suite.Cell) string {
		parts := []string{c.Model.Name}
		if len(engines) > 1 {
			parts = append(parts, engineName(c.Engine))
		}
		if len(providers) > 1 {
			parts = append(parts, providerName(c.Provider))
		}
		parts = append(parts, strings.ToLower(c.GPUType), fmt.Sprintf("%dgpu", c.GPUs))
		if len(workloads) > 1 {
			parts = append(parts, c.Workload.Name)
		}
		if trace := c.Workload.Trace; trace != nil { // which says how long its requests are
			parts = append(parts, trace.String())
		} else {
			parts = append(parts, pressure(c), fmt.Sprintf("%sx%s", c.Input, c.Output))
		}
		return strings.Join(append(parts, fmt.Sprintf("t%d", c.Trial)), "/")
	}
}

func engineName(e *suite.Engine) string {
	if e == nil {
		return "default"
	}
	return e.Name
}

func pressure(c suite.Cell) string {
	if c.Workload.Phases != nil {
		return c.Workload.Phases.String()
	}
	if c.RateRPS > 0 {
		return strconv.FormatFloat(c.RateRPS, 'g', -1, 64) + "rps"
	}
	return fmt.Sprintf("%du", c.Users)
}
