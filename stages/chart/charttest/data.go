// Package charttest holds data sets to draw in tests: the published one and the
// awkward ones. Every set is computed anew, so a test may change what it gets.
package charttest

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart"
)

// Seed is the six-cell table of the project's first README: Qwen3-8B-FP8 on
// H100, ISL 1024, OSL 256, one trial. Power is what its efficiency implies.
func Seed() chart.Data {
	rows := []struct {
		gpus, users                                       int
		perGPU, latency, interactivity, ttft, tokensPerKW float64
	}{
		{1, 128, 1255, 10.2, 29.2, 1.39, 6907},
		{2, 128, 653, 9.8, 30.1, 1.23, 6836},
		{2, 64, 582, 9.1, 30.3, 0.66, 6087},
		{2, 32, 458, 6.8, 40.5, 0.41, 4792},
		{4, 32, 165, 9.4, 34.4, 1.78, 982},
		{4, 16, 105, 7.2, 37.9, 0.39, 625},
	}
	d := chart.Data{Title: "Sample results"}
	for _, r := range rows {
		d.Cells = append(d.Cells, cell("Qwen/Qwen3-8B-FP8", "H100", r.gpus, r.users, map[string]float64{
			chart.ThroughputPerGPU: r.perGPU,
			chart.LatencySeconds:   r.latency,
			chart.Interactivity:    r.interactivity,
			chart.TTFTSeconds:      r.ttft,
			chart.TokensPerKW:      r.tokensPerKW,
			chart.PowerWatts:       1000 * r.perGPU / r.tokensPerKW,
		}))
	}
	return d
}

// Matrix is a simulated sweep of 4 GPU counts by 6 user counts for each GPU
// type, three trials each, shaped as batching makes such sweeps: throughput
// saturates while interactivity falls.
func Matrix(model string, gpuTypes ...string) chart.Data {
	d := chart.Data{Title: "Simulated sweep", Simulated: true}
	for k, gpu := range gpuTypes {
		speed := 1 + 0.35*float64(k)
		for _, gpus := range []int{1, 2, 4, 8} {
			for _, users := range []int{4, 8, 16, 32, 64, 128} {
				batch, n := float64(users), float64(gpus)
				tpot := (0.004 + 0.009/n + 0.00022*batch/n) / speed
				ttft := (0.03 + 0.0021*batch/n) / speed
				latency := ttft + 255*tpot
				perGPU := batch * 256 / latency / n
				watts := 180 + 480*perGPU/(perGPU+900)
				c := cell(model, gpu, gpus, users, nil)
				for metric, mean := range map[string]float64{
					chart.ThroughputPerGPU: perGPU,
					chart.LatencySeconds:   latency,
					chart.Interactivity:    1 / tpot,
					chart.TTFTSeconds:      ttft,
					chart.TokensPerKW:      1000 * perGPU / watts,
					chart.PowerWatts:       watts,
				} {
					c.Values[metric] = chart.Value{Mean: mean, Low: mean * 0.97, High: mean * 1.04, Trials: 3, OK: true}
				}
				d.Cells = append(d.Cells, c)
			}
		}
	}
	return d
}

// Rates is a sweep of an open loop over rates on one and on two GPUs.
func Rates() chart.Data {
	d := chart.Data{Title: "Open loop"}
	for _, gpus := range []int{1, 2} {
		for _, rate := range []float64{0.5, 1, 2.5, 5, 10, 40} {
			load := rate / float64(gpus) / 50
			c := cell("Qwen/Qwen3-8B-FP8", "H100", gpus, 0, map[string]float64{
				chart.ThroughputPerGPU: rate * 256 / float64(gpus),
				chart.LatencySeconds:   2 / (1 - load),
				chart.Interactivity:    130 * (1 - load),
				chart.TTFTSeconds:      0.05 / (1 - load),
				chart.PowerWatts:       180 + 500*load,
			})
			c.Name, c.RateRPS = fmt.Sprintf("%dGPU/%grps", gpus, rate), rate
			d.Cells = append(d.Cells, c)
		}
	}
	return d
}

// Mixed is Seed and Rates in one benchmark.
func Mixed() chart.Data {
	d := Seed()
	d.Cells = append(d.Cells, Rates().Cells...)
	return d
}

// Single is one cell.
func Single() chart.Data {
	d := Seed()
	d.Cells = d.Cells[:1]
	return d
}

// NoPower is Seed without a power source on the 4-GPU cells, and with no value
// at all in the last of them.
func NoPower() chart.Data {
	d := Seed()
	for i, c := range d.Cells {
		if c.GPUs == 4 {
			delete(c.Values, chart.TokensPerKW)
			delete(c.Values, chart.PowerWatts)
			d.Cells[i].Validity, d.Cells[i].Reasons = chart.ValidWithNotes, []string{"power_missing"}
		}
	}
	last := &d.Cells[len(d.Cells)-1]
	last.Values, last.Status, last.Validity = nil, "failed", chart.Invalid
	return d
}

// WithInvalid is Seed with its fifth cell, the cold one, marked invalid.
func WithInvalid() chart.Data {
	d := Seed()
	d.Cells[4].Validity = chart.Invalid
	return d
}

// Hostile is Seed with names made to break out of every language they pass through.
func Hostile() chart.Data {
	d := Seed()
	const evil = `</script><script>alert(1)</script>&amp;"'<b>{c}$& é µ ≥ 模型`
	d.Title = evil
	for i := range d.Cells {
		d.Cells[i].Name = fmt.Sprintf("%s {c} %d", evil[:24], i)
		d.Cells[i].Model = "organisation/" + evil
	}
	return d
}

func cell(model, gpu string, gpus, users int, values map[string]float64) chart.Cell {
	c := chart.Cell{
		Labels: result.Labels{
			Benchmark: "chat", Model: model, GPUType: gpu, GPUs: gpus, Users: users, ISL: 1024, OSL: 256,
		},
		Name: fmt.Sprintf("%dGPU/%dU", gpus, users), Status: "ok", Validity: "valid", Values: map[string]chart.Value{},
	}
	for metric, mean := range values {
		c.Values[metric] = chart.Value{Mean: mean, Low: mean, High: mean, Trials: 1, OK: true}
	}
	return c
}
