package warmup

import (
	"math"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/quantile"
)

const (
	fewestAnswers = 16  // of a window: the median of fewer tells little
	mostWindows   = 32  // after which a warm-up ends, settled or not
	inARow        = 3   // windows that agree, each with the one before
	tolerance     = 0.1 // of the lower median, by which two that agree may differ in any case
)

// window is what a run of answers, in the order in which they ended, says of the time to the first token.
type window struct {
	MedianTTFTSeconds float64 `json:"median_ttft_seconds"`
	// NotchSeconds is by how much chance moves the median: 1.57·IQR/√n, so that medians whose notches overlap do not differ at the 5 % level
	// (McGill, Tukey and Larsen, Variations of Box Plots, 1978).
	NotchSeconds float64 `json:"notch_seconds"`
}

// windowOf sums up the times of good answers, of which there are some, in any order.
func windowOf(seconds []float64) window {
	ascending := slices.Sorted(slices.Values(seconds))
	at := func(p float64) float64 {
		q, _ := quantile.Linear(ascending, p)
		return q
	}
	return window{at(0.5), 1.57 * (at(0.75) - at(0.25)) / math.Sqrt(float64(len(ascending)))}
}

// agrees reports whether two windows differ by no more than a tenth or than chance.
func (w window) agrees(other window) bool {
	apart := math.Abs(w.MedianTTFTSeconds - other.MedianTTFTSeconds)
	return apart <= max(tolerance*min(w.MedianTTFTSeconds, other.MedianTTFTSeconds), w.NotchSeconds+other.NotchSeconds)
}

// settling watches answers until the time to the first token has settled.
type settling struct {
	size    int       // answers of a window, good or not
	ended   int       // of the window under way
	seconds []float64 // of its good ones
	windows []window
}

// newSettling watches a loop of so many users.
func newSettling(users int) *settling { return &settling{size: max(users, fewestAnswers)} }

// most is how many answers are watched at most.
func (s *settling) most() int { return s.size * mostWindows }

// add takes in an answer's time to the first token, nil where it has none. It is over where the last windows agree, where there have been enough, and where one has
// no good answer, which no further one is likely to mend.
func (s *settling) add(ttftSeconds *float64) (settled, over bool) {
	s.ended++
	if ttftSeconds != nil {
		s.seconds = append(s.seconds, *ttftSeconds)
	}
	if s.ended < s.size {
		return false, false
	}
	if len(s.seconds) == 0 {
		return false, true
	}
	s.windows = append(s.windows, windowOf(s.seconds))
	s.ended, s.seconds = 0, s.seconds[:0]
	settled = s.settled()
	return settled, settled || len(s.windows) == mostWindows
}

// settled reports whether the last windows agree, each with the one before.
func (s *settling) settled() bool {
	n := len(s.windows)
	if n < inARow {
		return false
	}
	for i := n - inARow + 1; i < n; i++ {
		if !s.windows[i].agrees(s.windows[i-1]) {
			return false
		}
	}
	return true
}
