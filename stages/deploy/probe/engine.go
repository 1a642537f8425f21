package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Simulator is what a simulated server says of itself at /simulator/info.
type Simulator struct {
	Simulated   bool     `json:"simulated"`
	Speed       float64  `json:"speed"`         // simulated seconds in one of the wall clock
	EpochUnixNS int64    `json:"epoch_unix_ns"` // when both clocks agreed
	GPUName     string   `json:"gpu_name"`
	GPUUUIDs    []string `json:"gpu_uuids"`
}

// Simulator asks whether the server is simulated. A server that knows nothing of it is not; one that cannot be asked is an error, since a
// simulation must never pass for a measurement.
func (p *Probe) Simulator(ctx context.Context) (Simulator, bool, error) {
	body, _, err := p.do(ctx, http.MethodGet, "/simulator/info", nil)
	var status *StatusError
	switch {
	case errors.As(err, &status) && status.Code < http.StatusInternalServerError:
		return Simulator{}, false, nil
	case err != nil:
		return Simulator{}, false, err
	}
	var info Simulator
	if json.Unmarshal(body, &info) != nil || !info.Simulated {
		return Simulator{}, false, nil // some page that answers every path
	}
	if info.Speed <= 0 {
		return Simulator{}, false, fmt.Errorf("GET %s/simulator/info: speed is %g", p.base, info.Speed)
	}
	return info, true, nil
}

// Engine names the server's software, "unknown" if nothing betrays it, and its version if it tells.
func (p *Probe) Engine(ctx context.Context) (name, version string) {
	if _, header, err := p.do(ctx, http.MethodGet, "/health", nil); err == nil && strings.HasPrefix(header.Get("Server"), "llama.cpp") {
		return "llamacpp", p.field(ctx, "/props", "build_info")
	}
	if v := p.field(ctx, "/get_server_info", "version"); v != "" {
		return "sglang", v
	}
	if v := p.field(ctx, "/props", "build_info"); v != "" {
		return "llamacpp", v
	}
	metrics, _, _ := p.do(ctx, http.MethodGet, "/metrics", nil)
	switch version := p.field(ctx, "/version", "version"); {
	case strings.Contains(string(metrics), "sglang:"):
		return "sglang", version
	case strings.Contains(string(metrics), "vllm:") || version != "":
		return "vllm", version
	default:
		return "unknown", ""
	}
}

// field reads a string from the JSON object at a path; empty if there is none.
func (p *Probe) field(ctx context.Context, path, name string) string {
	body, _, err := p.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return ""
	}
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return ""
	}
	text, _ := object[name].(string)
	return text
}
