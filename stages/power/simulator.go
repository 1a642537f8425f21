package power

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// simulator reads the series that a simulated endpoint serves.
type simulator struct {
	http  *http.Client
	url   string
	speed float64 // simulated seconds a second; 0: 1
	now   func() time.Time
}

const (
	pollEvery = 100 * time.Millisecond
	maxSeries = 1 << 30 // bytes of one answer
)

// simulatedRow is one line of the endpoint's answer. Utilisation is in percent.
type simulatedRow struct {
	TUnixNS       int64   `json:"t_unix_ns"`
	GPUIndex      int32   `json:"gpu_index"`
	GPUUUID       string  `json:"gpu_uuid"`
	PowerAvgW     float64 `json:"power_avg_w"`
	PowerInstantW float64 `json:"power_instant_w"`
	EnergyJ       float64 `json:"energy_j"`
	GPUUtil       float64 `json:"gpu_util"`
	MemUtil       float64 `json:"mem_util"`
	MemUsedBytes  int64   `json:"mem_used_bytes"`
	TempC         float64 `json:"temp_c"`
	SMClockHz     float64 `json:"sm_clock_hz"`
}

func (r simulatedRow) power(seq int64) table.Power {
	gpuUtil, memUtil := r.GPUUtil/100, r.MemUtil/100
	return table.Power{
		TUnixNS: r.TUnixNS, Seq: seq, Host: "simulator", GPUIndex: r.GPUIndex, GPUUUID: r.GPUUUID,
		PowerWatts: &r.PowerAvgW, PowerKind: kindAverage, InstantWatts: &r.PowerInstantW, EnergyJoules: &r.EnergyJ,
		GPUUtil: &gpuUtil, MemUtil: &memUtil, MemUsedBytes: &r.MemUsedBytes, TempC: &r.TempC, SMClockHz: &r.SMClockHz,
		Source: sourceSimulator,
	}
}

func (s *simulator) readings(ctx context.Context, from, to int64) ([]table.Power, error) {
	var deadline time.Time
	for {
		rows, err := s.fetch(ctx, from, to)
		if err != nil || covered(rows, to) {
			return rows, err
		}
		if deadline.IsZero() {
			deadline = s.now().Add(s.remaining(rows, to) + patience)
		}
		if s.now().After(deadline) {
			return rows, nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// covered reports whether the last reading is at to, or so near that none can come between: the series has a step of 100 ms.
func covered(rows []table.Power, to int64) bool {
	const step = int64(100 * time.Millisecond)
	return len(rows) > 0 && rows[len(rows)-1].TUnixNS > to-step
}

// remaining is how long this machine's clock takes until the simulated one reaches to.
func (s *simulator) remaining(rows []table.Power, to int64) time.Duration {
	if len(rows) == 0 {
		return 0
	}
	speed := s.speed
	if speed == 0 {
		speed = 1
	}
	return time.Duration(float64(to-rows[len(rows)-1].TUnixNS) / speed)
}

// fetch asks once for the readings of [from, to]. The energy estimators interpolate at both ends, so it asks for one step more.
func (s *simulator) fetch(ctx context.Context, from, to int64) ([]table.Power, error) {
	const step = int64(200 * time.Millisecond)
	query := url.Values{
		"from_unix_ns": {strconv.FormatInt(from-step, 10)},
		"to_unix_ns":   {strconv.FormatInt(to+step, 10)},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"?"+query.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("read simulated power: %w", err)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read simulated power: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read simulated power: %s answers %s", s.url, res.Status)
	}
	var rows []table.Power
	next := map[string]int64{}
	for in := json.NewDecoder(io.LimitReader(res.Body, maxSeries)); ; {
		var row simulatedRow
		err := in.Decode(&row)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read simulated power: %w", err)
		}
		rows = append(rows, row.power(next[row.GPUUUID]))
		next[row.GPUUUID]++
	}
}
