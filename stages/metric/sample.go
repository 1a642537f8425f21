package metric

import (
	"cmp"
	"slices"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/account"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

// Data is what was measured of one cell.
type Data struct {
	Requests []table.Request
	Chunks   []Chunk
	Server   []table.Server // what the server said of itself; none where it says nothing
	Energy   *energy.Result // nil: nobody looked
	StartNS  int64          // when the load began to send; 0: unknown
}

// Chunk is what the metrics need of a row of the chunks table.
type Chunk struct {
	Request int64
	Seq     int32
	Tokens  int32 // 0: unknown
	TNS     int64
}

// Sample is everything known of one cell. What is derived from it is computed once, when first asked for; it is safe for concurrent use.
type Sample struct {
	Cell stage.CellConfig
	GPU  stage.GPU
	Data Data

	ok      func() []table.Request
	window  func() span
	steady  func() span
	sending func() Regularity
	values  map[string]func() []float64 // ascending, by family
	gaps    func() []float64
	pauses  func() []pause
	byIndex func() map[int64]*table.Request
	server  func() *account.Account // nil: there is none
}

// span is a stretch of the load's clock; it is empty where to ≤ from.
type span struct{ from, to int64 }

func (s span) seconds() float64 { return float64(s.to-s.from) / 1e9 }
func (s span) empty() bool      { return s.to <= s.from }

// holds reports whether something that was done at a time was done within the span: at its end, but not at its beginning.
func (s span) holds(t int64) bool { return s.from < t && t <= s.to }

// NewSample returns the sample of a cell. It keeps the data's slices and sorts the chunks into streams.
func NewSample(cell stage.CellConfig, gpu stage.GPU, data Data) *Sample {
	s := &Sample{Cell: cell, GPU: gpu, Data: data, values: map[string]func() []float64{}}
	s.ok = sync.OnceValue(s.findOK)
	s.window = sync.OnceValue(s.findWindow)
	s.steady = sync.OnceValue(s.findSteady)
	s.sending = sync.OnceValue(s.findSending)
	s.gaps = sync.OnceValue(s.findGaps)
	s.pauses = sync.OnceValue(s.findPauses)
	s.byIndex = sync.OnceValue(s.index)
	s.server = sync.OnceValue(s.findServer)
	slices.SortFunc(data.Chunks, inStream)
	for _, f := range families() {
		s.values[f.name] = sync.OnceValue(func() []float64 { return s.collect(f.of) })
	}
	return s
}

func inStream(a, b Chunk) int {
	return cmp.Or(cmp.Compare(a.Request, b.Request), cmp.Compare(a.Seq, b.Seq))
}

func (s *Sample) index() map[int64]*table.Request {
	rows := make(map[int64]*table.Request, len(s.Data.Requests))
	for i := range s.Data.Requests {
		rows[s.Data.Requests[i].Index] = &s.Data.Requests[i]
	}
	return rows
}

// isStreamed reports whether the request of this index was answered in full, token after token.
func (s *Sample) isStreamed(index int64) bool {
	r, known := s.byIndex()[index]
	return known && r.Status == "ok" && Streamed(*r)
}

// OK returns the requests that were answered in full.
func (s *Sample) OK() []table.Request { return s.ok() }

// ascending returns the values of a family over the ok requests.
func (s *Sample) ascending(family string) []float64 { return s.values[family]() }

func (s *Sample) findOK() []table.Request {
	var rows []table.Request
	for _, r := range s.Data.Requests {
		if r.Status == "ok" {
			rows = append(rows, r)
		}
	}
	return rows
}

// findWindow is the whole window: from the first send of any request to the last token of an ok one.
func (s *Sample) findWindow() span {
	var w span
	first := true
	for _, r := range s.Data.Requests {
		if r.Status != "dropped" && (first || r.TSend < w.from) {
			w.from, first = r.TSend, false
		}
	}
	w.to = w.from
	for _, r := range s.OK() {
		if r.TLastToken != nil {
			w.to = max(w.to, *r.TLastToken)
		}
	}
	return w
}

// collect returns the values of one latency over the ok requests that have it, ascending.
func (s *Sample) collect(of perRequest) []float64 {
	var values []float64
	for _, r := range s.OK() {
		if v, ok := of(r); ok {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

// findGaps returns the seconds between neighbouring chunks of each ok request, ascending.
func (s *Sample) findGaps() []float64 {
	chunks := s.Data.Chunks
	var gaps []float64
	for i := 1; i < len(chunks); i++ {
		if chunks[i].Request == chunks[i-1].Request && s.isStreamed(chunks[i].Request) {
			gaps = append(gaps, float64(chunks[i].TNS-chunks[i-1].TNS)/1e9)
		}
	}
	slices.Sort(gaps)
	return gaps
}

// perRequest is one latency of one request, in seconds, or false where the request does not have it.
type perRequest func(table.Request) (float64, bool)

// family is a latency that each request has of its own, so that an objective can judge each request.
type family struct {
	name   string
	better string
	of     perRequest
	paced  bool // it rests on the time between tokens
}

func families() []family {
	return []family{
		{name: "e2el", better: Lower, of: e2elOf},
		{name: "ttft_sched", better: Lower, of: ttftSchedOf}, // before ttft, as the next two, which begin with its name
		{name: "ttft_first_turn", better: Lower, of: only(first, ttftOf)},
		{name: "ttft_later_turns", better: Lower, of: only(later, ttftOf)},
		{name: "ttft", better: Lower, of: ttftOf},
		{name: "ttfa", better: Lower, of: ttfaOf},
		{name: "sched_lag", better: Lower, of: schedLagOf},
		{name: "tpot", better: Lower, of: tpotOf, paced: true},
		{name: "ntpot", better: Lower, of: ntpotOf},
		{name: "interactivity", better: Higher, of: interactivityOf, paced: true},
	}
}

// only is a latency of such requests alone.
func only(is func(table.Request) bool, of perRequest) perRequest {
	return func(r table.Request) (float64, bool) {
		if !is(r) {
			return 0, false
		}
		return of(r)
	}
}

// between returns the seconds from one time to another that may not have come.
func between(from int64, to *int64) (float64, bool) {
	if to == nil {
		return 0, false
	}
	return float64(*to-from) / 1e9, true
}

// ratio is a/b, or false where b is zero.
func ratio(a, b float64) (float64, bool) {
	if b == 0 {
		return 0, false
	}
	return a / b, true
}
