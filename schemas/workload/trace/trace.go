// Package trace is a recording of requests that a load repeats: when each came, how long it and its answer were, and what it had in common with
// others.
//
// Its invariant: requests are in the order in which they came, the first at 0, and a trace is known by its content.
package trace

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// BlockTokens is how many tokens a block of a prompt has, as in the traces of Mooncake.
const BlockTokens = 512

// Request is one line of a trace.
type Request struct {
	At       time.Duration // after the first
	ISL, OSL int           // tokens of its prompt and its answer
	// Blocks name what the prompt is made of, BlockTokens tokens each and the last one what is left: equal names are equal tokens, within a prompt and
	// from one to another. What they do not reach is the prompt's own; nil: all of it.
	Blocks []int64
}

// Trace is a recording and how it is repeated.
type Trace struct {
	Path     string    // from the suite's folder
	Digest   string    // sha256 of the file's content, in hexadecimal
	Speed    float64   // how much faster than they came requests are sent
	Requests []Request // JSON leaves them out: see Library
}

// Due returns when a request is sent, after the first.
func (t *Trace) Due(index int) time.Duration {
	return time.Duration(math.Round(float64(t.Requests[index].At) / t.Speed))
}

// Before returns how many requests are due before a time.
func (t *Trace) Before(end time.Duration) int {
	n := 0
	for n < len(t.Requests) && t.Due(n) < end {
		n++
	}
	return n
}

// MeanRPS is the mean rate of the first n requests, to six digits after the point: those after the first ÷ the time from the first to the last. It is
// n where they all come at once.
func (t *Trace) MeanRPS(n int) float64 {
	span := t.Due(n - 1).Seconds()
	if n < 2 || span == 0 {
		return float64(n)
	}
	return math.Round(1e6*float64(n-1)/span) / 1e6
}

// Lengths are those of the prompts and of the answers, in the order of the requests.
func (t *Trace) Lengths() (input, output length.Lengths) {
	isl, osl := make([]int32, len(t.Requests)), make([]int32, len(t.Requests))
	for i, r := range t.Requests {
		isl[i], osl[i] = int32(r.ISL), int32(r.OSL)
	}
	return length.InOrder(t.Path, fieldISL, t.Digest, isl), length.InOrder(t.Path, fieldOSL, t.Digest, osl)
}

// String is how a trace stands in addresses: "trace-chat-1a2b3c", or "trace-chat-1a2b3c-2x" at twice the speed.
func (t *Trace) String() string {
	stem, _, _ := strings.Cut(filepath.Base(t.Path), ".")
	name := "trace-" + strings.Map(addressable, stem) + "-" + t.Digest[:6]
	if t.Speed != 1 {
		name += "-" + strconv.FormatFloat(t.Speed, 'g', -1, 64) + "x"
	}
	return name
}

func addressable(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
		return r
	}
	return '-'
}

// shape is a trace in JSON.
type shape struct {
	SHA256 string  `json:"sha256"`
	Speed  float64 `json:"speed"`
}

// MarshalJSON is the form in which a trace enters a checkpoint key: its content counts, and not its path.
func (t Trace) MarshalJSON() ([]byte, error) { return json.Marshal(shape{t.Digest, t.Speed}) }

// UnmarshalJSON reads what MarshalJSON writes. A trace comes without its requests: Library.Resolve puts them back.
func (t *Trace) UnmarshalJSON(text []byte) error {
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.SHA256 == "" || s.Speed <= 0 {
		return fmt.Errorf("trace %s: want the sha256 of its content and a speed", text)
	}
	*t = Trace{Digest: s.SHA256, Speed: s.Speed}
	return nil
}

// Library holds the requests of traces by their content. A configuration names a trace by its digest, so that many cells share one copy and none can
// come to read a file that has changed since the suite was read.
type Library map[string][]Request

// Add keeps the requests of a trace; nil is none.
func (l Library) Add(t *Trace) {
	if t != nil {
		l[t.Digest] = t.Requests
	}
}

// Resolve returns a trace as it was before it went through JSON, but for its path.
func (l Library) Resolve(t Trace) (*Trace, error) {
	var known bool
	if t.Requests, known = l[t.Digest]; !known {
		return nil, fmt.Errorf("the trace with sha256 %s is not at hand", t.Digest)
	}
	return &t, nil
}
