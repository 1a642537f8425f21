package result

import (
	"math"
	"strconv"
	"strings"
)

// Number writes a number with three digits that count, or all digits of its integer part, thousands separated: 0.387, 1.39, 29.2, 653, 6,907.
func Number(v float64) string { return fixed(v, decimals(v)) }

// Spread writes the mean over the trials and, where they differ, half of their range: 618 ± 6.
func (s Stat) Spread() string {
	half := s.HalfRange()
	if s.N < 2 {
		return Number(s.Mean)
	}
	digits := decimals(s.Mean)
	shown := digits
	for half > 0 && shown < maxDecimals && half < 0.5*math.Pow(10, -float64(shown)) { // not a zero where there is a spread
		shown++
	}
	return fixed(s.Mean, digits) + " ± " + fixed(half, shown)
}

const maxDecimals = 6

// decimals is how many digits after the point make three that count.
func decimals(v float64) int {
	a := math.Abs(v)
	switch {
	case a == 0 || a >= 99.95:
		return 0
	case a >= 9.995:
		return 1
	case a >= 0.9995:
		return 2
	default:
		return min(2-int(math.Floor(math.Log10(a))), maxDecimals)
	}
}

func fixed(v float64, decimals int) string {
	whole, fraction, found := strings.Cut(strconv.FormatFloat(v, 'f', decimals, 64), ".")
	if found {
		fraction = "." + fraction
	}
	return Group(whole) + fraction
}

// Group puts a comma before every third digit of an integer.
func Group(s string) string {
	sign := strings.TrimRight(s, "0123456789")
	digits := s[len(sign):]
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Quantity writes a number with its unit in words for people: times below a second in milliseconds, fractions in percent.
func Quantity(v float64, unit string) string { return quantity(v, unit, 3) }

func quantity(v float64, unit string, digits int) string {
	switch {
	case unit == "fraction":
		return short(100*v, digits) + " %"
	case unit == "s" && math.Abs(v) < 1:
		return short(1000*v, digits) + " ms"
	default:
		return strings.TrimSpace(short(v, digits) + " " + unit)
	}
}

// short writes so many digits that count, without zeros at the end.
func short(v float64, digits int) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if math.Abs(v) >= math.Pow(10, float64(digits)) {
		rounded = math.Round(v)
	}
	whole, fraction, found := strings.Cut(strconv.FormatFloat(rounded, 'f', -1, 64), ".")
	if found {
		fraction = "." + fraction
	}
	return Group(whole) + fraction
}

// Compare writes a value beside the bound that it breaks: "7.2 ms > 5 ms", with as many digits as it takes to tell the two apart.
func Compare(value float64, unit, sign string, bound float64) string {
	for digits := 3; ; digits++ {
		a, b := quantity(value, unit, digits), quantity(bound, unit, digits)
		if a != b || digits == 12 {
			return a + " " + sign + " " + b
		}
	}
}
