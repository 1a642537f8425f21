package block

import (
	"math"
	"testing"
	"time"
)

// FuzzUnits holds that a duration is what time.ParseDuration reads, that neither it nor a percentage is
// negative, and that every error says something.
func FuzzUnits(f *testing.F) {
	for _, seed := range []string{
		"90s", "1h30m", "-1s", "0", "5", "2d", "1%", " 0.5% ", "-0%", "NaN%", "1e400%", "1e309d", "9999999h", "µs", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if want, wrong := time.ParseDuration(text); err == nil && (wrong != nil || d != want || d < 0) {
			t.Errorf("ParseDuration(%q) = %v; time has %v, %v", text, d, want, wrong)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("ParseDuration(%q): an empty error", text)
		}
		p, err := ParsePercent(text)
		if err == nil && !(p >= 0 && p <= math.MaxFloat64) {
			t.Errorf("ParsePercent(%q) = %v", text, p)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("ParsePercent(%q): an empty error", text)
		}
	})
}
