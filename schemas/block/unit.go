package block

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// wellFormed is a duration by its letters.
var wellFormed = regexp.MustCompile(`^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`)

// ParseDuration reads "90s" or "1h30m". The error says what a duration looks like.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err == nil && d >= 0:
		return d, nil
	case err == nil:
		return 0, fmt.Errorf("%q is negative", text)
	}
	if n, numErr := strconv.ParseFloat(text, 64); numErr == nil && n != 0 {
		return 0, fmt.Errorf("%q has no unit; write %q, or another of ms, s, m and h", text, text+"s")
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, numErr := strconv.ParseFloat(days, 64); numErr == nil && n > 0 && n < 1e6 {
			return 0, fmt.Errorf("%q is in days, which is no unit here; write %q", text, strconv.FormatFloat(24*n, 'f', -1, 64)+"h")
		}
	}
	if wellFormed.MatchString(text) {
		return 0, fmt.Errorf("%q is too long; the longest is about 290 years", text)
	}
	return 0, fmt.Errorf("%q is not a duration; write a number with a unit: \"500ms\", \"30s\", \"20m\", \"1h30m\"", text)
}

// ParsePercent reads "1%" as 0.01. The error says what a percentage looks like.
func ParsePercent(text string) (float64, error) {
	digits, found := strings.CutSuffix(strings.TrimSpace(text), "%")
	if !found {
		return 0, fmt.Errorf("%q is not a percentage; write it with its sign: \"1%%\"", text)
	}
	p, err := strconv.ParseFloat(digits, 64)
	if err != nil || p < 0 || math.IsInf(p, 0) || math.IsNaN(p) {
		return 0, fmt.Errorf("%q is not a percentage; write a number that is not negative before the sign: \"0.5%%\"", text)
	}
	return p / 100, nil
}

// checkUnit holds a string against its format.
func (a Arg) checkUnit(v cty.Value) error {
	if a.Format == Plain || v.Type() != cty.String {
		return nil
	}
	var err error
	switch a.Format {
	case Duration:
		_, err = ParseDuration(v.AsString())
	case Percent:
		_, err = ParsePercent(v.AsString())
	}
	return err
}

// canonical writes a checked quantity in its one form, so that equal quantities are equal strings.
func (a Arg) canonical(v cty.Value) cty.Value {
	plain, marks := v.Unmark()
	if a.Format == Plain || plain.Type() != cty.String {
		return v
	}
	switch a.Format {
	case Duration:
		d, _ := ParseDuration(plain.AsString())
		plain = cty.StringVal(d.String())
	case Percent:
		p, _ := ParsePercent(plain.AsString())
		plain = cty.StringVal(strconv.FormatFloat(p*100, 'g', 15, 64) + "%")
	}
	return plain.WithMarks(marks)
}
