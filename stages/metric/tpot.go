package metric

import "github.com/strangeloopio/inferencex/schemas/table"

// The bounds within which the tokens of an answer came at one instant: closer together than any server
// makes them, and in a small part of the time that the answer took.
const (
	fastestTokenSeconds = 100e-6
	instantShare        = 0.10
)

// Timed returns the output tokens of a request whose arrival was seen; rows of older loads do not tell, and
// all count.
func Timed(r table.Request) (int32, bool) {
	switch {
	case r.OSLTimed != nil:
		return *r.OSLTimed, true
	case r.OSL != nil:
		return *r.OSL, true
	}
	return 0, false
}

// Streamed reports whether the tokens of a request came one after another. An answer that came whole, in
// one delta, in one read or in a burst, has a first token and a last one, and no pace. One of a single
// token has nothing to stream.
func Streamed(r table.Request) bool {
	timed, known := Timed(r)
	if !known || timed <= 1 || r.TFirstToken == nil || r.TLastToken == nil {
		return true
	}
	span := float64(*r.TLastToken-*r.TFirstToken) / 1e9
	took := float64(*r.TLastToken-r.TSend) / 1e9
	return r.Chunks > 1 && span > 0 && (span >= fastestTokenSeconds*float64(timed-1) || span >= instantShare*took)
}

// tpotOf is null for a single token, since there is no time between tokens, and for an answer that was not
// streamed. GuideLLM and AIPerf call it ITL.
func tpotOf(r table.Request) (float64, bool) {
	timed, known := Timed(r)
	if !known || timed <= 1 || r.TFirstToken == nil || r.TLastToken == nil || !Streamed(r) {
		return 0, false
	}
	return float64(*r.TLastToken-*r.TFirstToken) / 1e9 / float64(timed-1), true
}

func tpot() []Def {
	return distribution("tpot", "Time per output token after the first: (last token − first token) ÷ "+
		"(output tokens whose arrival was seen − 1)", Requests,
		func(s *Sample) []float64 { return s.ascending("tpot") })
}
