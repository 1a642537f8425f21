package report

import (
	"encoding/json"
	"io"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// seedRow is one configuration in benchmark_gpu_users_results.json, the file of this project's first benchmark. The last three keys are not of
// that form, whose readers pass over them.
type seedRow struct {
	GPUs                   int      `json:"n_gpu"`
	Users                  int      `json:"n_users"`
	Label                  string   `json:"config_label"`
	ISL                    int      `json:"isl"`
	OSL                    int      `json:"osl"`
	OutputTPS              *float64 `json:"throughput_total"`
	OutputTPSPerGPU        *float64 `json:"throughput_per_gpu"`
	MeanLatencySeconds     *float64 `json:"avg_latency_s"`
	MeanTTFTSeconds        *float64 `json:"avg_ttft_s"`
	InteractivityTPSPerUsr *float64 `json:"interactivity_tokens_per_sec_per_user"`
	Requests               int      `json:"total_requests"`
	OK                     int      `json:"successful_requests"`
	Failed                 int      `json:"failed_requests"`
	Simulated              bool     `json:"simulated"`
	Model                  string   `json:"model"`
	GPUType                string   `json:"gpu_type"`
}

// Seed writes the results in the first benchmark's form: one object a point, the mean of its trials, requests added up. Points without an
// answer are left out, as that form has no word for them.
func Seed(w io.Writer, r result.Results) error {
	rows := []seedRow{}
	for _, p := range result.Points(r.Cells) {
		if s, ok := p.Stat("requests_ok"); !ok || s.Max == 0 {
			continue
		}
		rows = append(rows, seedRow{
			GPUs: p.GPUs, Users: p.Users, Label: p.Label(), ISL: p.ISL, OSL: p.OSL,
			OutputTPS: mean(p, "output_tps"), OutputTPSPerGPU: mean(p, "output_tps_per_gpu"), MeanLatencySeconds: mean(p, "e2el_mean_s"),
			MeanTTFTSeconds: mean(p, "ttft_mean_s"), InteractivityTPSPerUsr: mean(p, "interactivity_mean"),
			Requests: total(p, "requests_attempted"), OK: total(p, "requests_ok"), Failed: total(p, "requests_failed"),
			Simulated: r.Simulated, Model: p.Model, GPUType: p.GPUType,
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(rows)
}

func mean(p result.Point, metric string) *float64 {
	s, ok := p.Stat(metric)
	if !ok {
		return nil
	}
	return &s.Mean
}

func total(p result.Point, metric string) int {
	s, _ := p.Stat(metric)
	return s.Total()
}
