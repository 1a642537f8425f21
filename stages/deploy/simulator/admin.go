package simulator

import (
	"math"
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

// PowerRow is one GPU at one time, a whole multiple of 100 ms since the epoch.
type PowerRow struct {
	TUnixNS       int64   `json:"t_unix_ns"` // simulated
	GPUIndex      int     `json:"gpu_index"`
	GPUUUID       string  `json:"gpu_uuid"`
	PowerAvgW     float64 `json:"power_avg_w"` // over the second before
	PowerInstantW float64 `json:"power_instant_w"`
	EnergyJ       float64 `json:"energy_j"` // since the epoch
	GPUUtil       float64 `json:"gpu_util"` // percent
	MemUtil       float64 `json:"mem_util"` // percent
	MemUsedBytes  int64   `json:"mem_used_bytes"`
	TempC         float64 `json:"temp_c"`
	SMClockHz     float64 `json:"sm_clock_hz"`
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
		LagP50MS: float64(s.lag.quantile(0.5)) / float64(time.Millisecond),
		LagP99MS: float64(s.Lag()) / float64(time.Millisecond),
	}
}

// SimulatedUnixNS is the simulated unix time now, in nanoseconds.
func (s *Server) SimulatedUnixNS() int64 { return s.driver.clock.unixNS(s.driver.clock.elapsed()) }

// Lag is the wall time by which one chunk in a hundred was written off its
// schedule, or more. Times the speed it is the error of the simulated times:
// where that is not small, lower the speed.
func (s *Server) Lag() time.Duration { return s.lag.quantile(0.99) }

// Requests returns the latest requests that have ended, in that order.
func (s *Server) Requests() []RequestRecord { return s.records.all() }

// Power returns the samples of the closed interval of simulated unix times,
// by time and then by GPU. A zero bound is open.
func (s *Server) Power(fromUnixNS, toUnixNS int64) []PowerRow {
	c := s.driver.clock
	from, to := time.Duration(0), time.Duration(math.MaxInt64)
	if fromUnixNS != 0 {
		from = time.Duration(fromUnixNS - c.epoch.UnixNano())
	}
	if toUnixNS != 0 {
		to = time.Duration(toUnixNS - c.epoch.UnixNano())
	}
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	now := c.elapsed()
	s.driver.advance(now) // or what the GPUs did until now is not known
	readings := s.driver.sensor.Read(now, from, to)
	rows := make([]PowerRow, 0, len(readings))
	for _, r := range readings {
		rows = append(rows, PowerRow{
			TUnixNS: c.unixNS(r.At), GPUIndex: r.GPU, GPUUUID: s.driver.sensor.UUIDs()[r.GPU],
			// The resolution of the real sensors: 10 mW and 1 mJ.
			PowerAvgW: round(r.AverageWatts, 100), PowerInstantW: round(r.InstantWatts, 100), EnergyJ: round(r.EnergyJoules, 1000),
			GPUUtil: math.Round(r.GPUUtil), MemUtil: math.Round(r.MemUtil), MemUsedBytes: r.MemUsedBytes,
			TempC: math.Round(r.TemperatureC), SMClockHz: r.SMClockHz,
		})
	}
	return rows
}

func round(v, steps float64) float64 { return math.Round(v*steps) / steps }
