package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/openai"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

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

	NotAvailable bool `json:"-"` // power and counter are null
	Torn         bool `json:"-"` // the row breaks off in the middle
}

// MarshalJSON writes null for what is not available.
func (r PowerRow) MarshalJSON() ([]byte, error) {
	type plain PowerRow
	row := struct {
		plain
		PowerAvgW     *float64 `json:"power_avg_w"`
		PowerInstantW *float64 `json:"power_instant_w"`
		EnergyJ       *float64 `json:"energy_j"`
	}{plain: plain(r)}
	if !r.NotAvailable {
		row.PowerAvgW, row.PowerInstantW, row.EnergyJ = &r.PowerAvgW, &r.PowerInstantW, &r.EnergyJ
	}
	return json.Marshal(row)
}

// Power returns the samples that are told of the closed interval of unix times, in the order in which they are told: by time and then by GPU, but
// for what faults do to them. A zero bound is open.
func (s *Server) Power(fromUnixNS, toUnixNS int64) []PowerRow {
	return s.samples(fromUnixNS, toUnixNS, s.driver.sensor.Tell)
}

// TruePower returns the samples of the closed interval of simulated unix times as they would be without any fault: what readings are held against.
func (s *Server) TruePower(fromUnixNS, toUnixNS int64) []PowerRow {
	return s.samples(fromUnixNS, toUnixNS, func(now, from, to time.Duration) []sensor.Told {
		var told []sensor.Told
		for _, reading := range s.driver.sensor.Read(now, from, to) {
			told = append(told, sensor.Told{Reading: reading, UUID: s.driver.sensor.UUIDs()[reading.GPU]})
		}
		return told
	})
}

func (s *Server) samples(fromUnixNS, toUnixNS int64, tell func(now, from, to time.Duration) []sensor.Told) []PowerRow {
	c := s.driver.clock
	from, to := c.between(fromUnixNS, toUnixNS)
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	now := c.elapsed()
	s.driver.advance(now) // or what the GPUs did until now is not known
	told := tell(now, from, to)
	rows := make([]PowerRow, 0, len(told))
	for _, t := range told {
		rows = append(rows, powerRow(c, t))
	}
	return rows
}

// sampledUnixNS is what the clock of the sampled host says: simulated unix time, but for a fault.
func (s *Server) sampledUnixNS() int64 {
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	now := s.driver.clock.elapsed()
	return s.driver.clock.unixNS(now + s.driver.sensor.Offset(now))
}

func powerRow(c clock, t sensor.Told) PowerRow {
	return PowerRow{
		TUnixNS: c.unixNS(t.At), GPUIndex: t.GPU, GPUUUID: t.UUID, NotAvailable: t.NotAvailable, Torn: t.Torn,
		// The resolution of the real sensors: 10 mW and 1 mJ.
		PowerAvgW: round(t.AverageWatts, 100), PowerInstantW: round(t.InstantWatts, 100), EnergyJ: round(t.EnergyJoules, 1000),
		GPUUtil: math.Round(t.GPUUtil), MemUtil: math.Round(t.MemUtil), MemUsedBytes: t.MemUsedBytes,
		TempC: math.Round(t.TemperatureC), SMClockHz: t.SMClockHz,
	}
}

func round(v, steps float64) float64 { return math.Round(v*steps) / steps }

// ClockHeader carries the unix time in nanoseconds that the clock of the sampled host says, so that whoever reads its samples can tell how far off
// they are.
const ClockHeader = "X-Clock-Unix-Ns"

// bounds reads the interval of a request for samples.
func bounds(r *http.Request) (from, to int64, apiErr *openai.Error) {
	var read [2]int64
	for i, name := range []string{"from_unix_ns", "to_unix_ns"} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, 0, openai.NewError(http.StatusBadRequest, name, fmt.Sprintf("%s must be an integer, got %q.", name, text))
		}
		read[i] = v
	}
	return read[0], read[1], nil
}

// servePower answers with the samples of [from_unix_ns, to_unix_ns], one in a line.
func (s *Server) servePower(w http.ResponseWriter, r *http.Request) {
	from, to, apiErr := bounds(r)
	if apiErr != nil {
		apiErr.WriteTo(w)
		return
	}
	rows := s.Power(from, to)
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set(ClockHeader, strconv.FormatInt(s.sampledUnixNS(), 10))
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			panic(err) // numbers and strings
		}
		if _, err := w.Write(tear(append(line, '\n'), row.Torn)); err != nil {
			return
		}
	}
}

// tear breaks a line off in its middle, where it is to be torn: the next one goes on in it.
func tear(line []byte, torn bool) []byte {
	if torn {
		return line[:len(line)/2]
	}
	return line
}
