package power

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// simulator reads the series that a simulated endpoint serves.
type simulator struct {
	http  *http.Client
	url   string
	speed float64 // simulated seconds a second; 0: 1
	now   func() time.Time
	clock *stage.Clock // the load's
	ahead offset
}

const (
	pollEvery = 100 * time.Millisecond
	maxSeries = 1 << 30 // bytes of one answer
)

// clockHeader carries what the clock of the sampled host said as it answered, in unix ns.
const clockHeader = "X-Clock-Unix-Ns"

// simulatedRow is one line of the endpoint's answer. Utilisation is in percent; what is not available is null.
type simulatedRow struct {
	TUnixNS       int64    `json:"t_unix_ns"`
	GPUIndex      int32    `json:"gpu_index"`
	GPUUUID       string   `json:"gpu_uuid"`
	PowerAvgW     *float64 `json:"power_avg_w"`
	PowerInstantW *float64 `json:"power_instant_w"`
	EnergyJ       *float64 `json:"energy_j"`
	GPUUtil       *float64 `json:"gpu_util"`
	MemUtil       *float64 `json:"mem_util"`
	MemUsedBytes  *int64   `json:"mem_used_bytes"`
	TempC         *float64 `json:"temp_c"`
	SMClockHz     *float64 `json:"sm_clock_hz"`
}

func (r simulatedRow) power(seq int64) table.Power {
	return table.Power{
		TUnixNS: r.TUnixNS, Seq: seq, Host: "simulator", GPUIndex: r.GPUIndex, GPUUUID: r.GPUUUID,
		PowerWatts: r.PowerAvgW, PowerKind: kindAverage, InstantWatts: r.PowerInstantW, EnergyJoules: r.EnergyJ,
		GPUUtil: fraction(r.GPUUtil), MemUtil: fraction(r.MemUtil), MemUsedBytes: r.MemUsedBytes, TempC: r.TempC, SMClockHz: r.SMClockHz,
		Source: sourceSimulator,
	}
}

// fraction turns percent into a share.
func fraction(percent *float64) *float64 {
	if percent == nil {
		return nil
	}
	share := *percent / 100
	return &share
}

func (s *simulator) readings(ctx context.Context, from, to int64) (samples, error) {
	var deadline time.Time
	for {
		got, err := s.fetch(ctx, from, to)
		if err != nil || covered(got.rows, to) {
			return got, err
		}
		if deadline.IsZero() {
			deadline = s.now().Add(s.remaining(got.rows, to) + patience)
		}
		if s.now().After(deadline) {
			return got, nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return samples{}, err
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
func (s *simulator) fetch(ctx context.Context, from, to int64) (samples, error) {
	const step = int64(200 * time.Millisecond)
	query := url.Values{
		"from_unix_ns": {strconv.FormatInt(from-step, 10)},
		"to_unix_ns":   {strconv.FormatInt(to+step, 10)},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"?"+query.Encode(), nil)
	if err != nil {
		return samples{}, fmt.Errorf("read simulated power: %w", err)
	}
	asked := s.clock.NowNS()
	res, err := s.http.Do(req)
	if err != nil {
		return samples{}, fmt.Errorf("read simulated power: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return samples{}, fmt.Errorf("read simulated power: %s answers %s", s.url, res.Status)
	}
	if sampled, err := strconv.ParseInt(res.Header.Get(clockHeader), 10, 64); err == nil {
		s.ahead.probe(s.clock.UnixNS(asked), sampled, s.clock.UnixNS(s.clock.NowNS()))
	}
	got, err := readLines(io.LimitReader(res.Body, maxSeries))
	got.clockError = s.ahead.bound()
	return got, err
}

// readLines reads one reading a line. A line that is torn is left out, and the problem says so.
func readLines(body io.Reader) (samples, error) {
	var got samples
	var torn int
	var first error
	next := map[string]int64{}
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		var row simulatedRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			torn++
			first = cmp.Or(first, err)
			continue
		}
		got.rows = append(got.rows, row.power(next[row.GPUUUID]))
		next[row.GPUUUID]++
	}
	switch err := cmp.Or(lines.Err(), first); {
	case lines.Err() != nil || err != nil && len(got.rows) == 0:
		return samples{}, fmt.Errorf("read simulated power: %w", err)
	case torn > 0:
		got.problem = fmt.Sprintf("%d lines are no readings, the first: %v", torn, first)
	}
	return got, nil
}
