package simulator

import (
	"time"
)

// Info says what is simulated.
type Info struct {
	Simulated     bool     `json:"simulated"` // always true
	Speed         float64  `json:"speed"`
	EpochUnixNS   int64    `json:"epoch_unix_ns"` // simulated unix time = epoch + (wall − epoch) × speed
	NowUnixNS     int64    `json:"now_unix_ns"`   // simulated unix time of this answer
	Model         string   `json:"model"`
	Served        []string `json:"served"`
	GPUType       string   `json:"gpu_type"` // catalogue name
	GPUName       string   `json:"gpu_name"` // as nvidia-smi -L says
	GPUs          int      `json:"gpus"`
	GPUUUIDs      []string `json:"gpu_uuids"`
	Profile       string   `json:"profile"`
	Seed          uint64   `json:"seed"`
	MaxModelLen   int      `json:"max_model_len"`
	Ready         bool     `json:"ready"`
	PowerModelled string   `json:"power_modelled"` // "fitted", or how far the watts may be off
	LagP50MS      float64  `json:"lag_p50_ms"`     // wall time by which half the chunks were early or late, or less
	LagP99MS      float64  `json:"lag_p99_ms"`     // Lag, in wall milliseconds
}

// Info describes the server now.
func (s *Server) Info() Info {
	c := s.driver.clock
	return Info{
		Simulated: true, Speed: c.speed, EpochUnixNS: c.epoch.UnixNano(), NowUnixNS: s.SimulatedUnixNS(),
		Model: s.cfg.Model, Served: s.cfg.Served,
		GPUType: s.hardware.GPU.Name, GPUName: s.hardware.GPU.DeviceName, GPUs: s.cfg.GPUs, GPUUUIDs: s.driver.sensor.UUIDs(),
		Profile: s.hardware.Profile.Name, Seed: s.cfg.Seed, MaxModelLen: s.modelLen,
		Ready: s.isReady(), PowerModelled: s.hardware.GPU.Power.Basis,
		LagP50MS: float64(s.lag.spans.Quantile(0.5)) / float64(time.Millisecond),
		LagP99MS: float64(s.Lag()) / float64(time.Millisecond),
	}
}

// SimulatedUnixNS is the simulated unix time now, in nanoseconds.
func (s *Server) SimulatedUnixNS() int64 { return s.driver.clock.unixNS(s.driver.clock.elapsed()) }

// Lag is the wall time by which one chunk in a hundred was written off its
// schedule, or more. Times the speed it is the error of the simulated times:
// where that is not small, lower the speed.
func (s *Server) Lag() time.Duration { return s.lag.spans.Quantile(0.99) }

// Requests returns the latest requests that have ended, in that order.
func (s *Server) Requests() []RequestRecord { return s.records.all() }
