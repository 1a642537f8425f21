package power

import (
	"net/url"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// retain bounds what a sampler keeps: no cell is longer, and sealed cells need nothing older.
const retain = 3 * time.Hour

// series is the readings of the last hours of all GPUs, in the order in which they came.
type series struct {
	kept  []reading
	last  map[string]int64 // by UUID, unix ns of the last reading
	count map[string]int64 // by UUID, readings that were dropped
}

func (s *series) add(r reading) {
	if s.last == nil {
		s.last, s.count = map[string]int64{}, map[string]int64{}
	}
	for uuid := range s.last {
		if uuid == r.uuid {
			r.uuid = uuid // one string for all readings of a GPU
		}
	}
	s.last[r.uuid] = r.unixNS
	s.kept = append(s.kept, r)
	if len(s.kept) == cap(s.kept) {
		s.drop(r.unixNS - int64(retain))
	}
}

// drop forgets the readings before a moment, once they are enough to be worth the copy. It is called when the slice would grow.
func (s *series) drop(before int64) {
	n := 0
	for n < len(s.kept) && s.kept[n].unixNS < before {
		n++
	}
	if n < len(s.kept)/4 {
		return
	}
	for _, r := range s.kept[:n] {
		s.count[r.uuid]++
	}
	s.kept = append(s.kept[:0], s.kept[n:]...)
}

// reaches reports whether every GPU has been read at or after t.
func (s *series) reaches(t int64) bool {
	for _, last := range s.last {
		if last < t {
			return false
		}
	}
	return len(s.last) > 0
}

// between returns the readings of [from, to] and those next to it, by which the edges are interpolated.
func (s *series) between(from, to int64, host string) []table.Power {
	const margin = int64(time.Second)
	seq := map[string]int64{}
	for uuid, n := range s.count {
		seq[uuid] = n
	}
	var rows []table.Power
	for _, r := range s.kept {
		if r.unixNS >= from-margin && r.unixNS <= to+margin {
			rows = append(rows, r.power(seq[r.uuid], host))
		}
		seq[r.uuid]++
	}
	return rows
}

// offset is what the readings since then tell of their clock. What comes through a pipe may be held back for seconds, so that one reading tells little.
func (s *series) offset(since int64) offset {
	var o offset
	for _, r := range s.kept {
		if r.unixNS >= since {
			o.told(r.unixNS, r.heardNS)
		}
	}
	return o
}

// hostOf names the machine of the readings.
func hostOf(at stage.Endpoint) string {
	u, err := url.Parse(at.URL)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	return u.Hostname()
}
