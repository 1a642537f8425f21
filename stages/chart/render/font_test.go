package render

import (
	"math"
	"testing"
)

// The advances are those of Arial, which Liberation Sans shares: 0.556 em for a
// digit, 0.278 for a blank, 0.722 for a capital N, 1.015 for "@".
func TestTextWidthIsArials(t *testing.T) {
	for _, tc := range []struct {
		text string
		bold bool
		want float64 // em
	}{
		{"0", false, .556},
		{"12", false, 2 * .556},
		{" ", false, .278},
		{"N", false, .722},
		{"@", false, 1.015},
		{"N", true, .722},
		{"@", true, .975},
		{"", false, 0},
		{"模", false, 1},
	} {
		if got := TextWidth(tc.text, 1000, tc.bold) / 1000; math.Abs(got-tc.want) > .001 {
			t.Errorf("TextWidth(%q, bold=%t) = %.4f em, want %.3f", tc.text, tc.bold, got, tc.want)
		}
	}
}

func TestTextWidthKerns(t *testing.T) {
	apart := TextWidth("A", 100, false) + TextWidth("V", 100, false)
	if pair := TextWidth("AV", 100, false); pair >= apart-1 {
		t.Errorf("AV is %g pixels wide, its letters apart %g: no kerning", pair, apart)
	}
}

func TestCSSTextWidthReadsSizeAndWeight(t *testing.T) {
	for css, want := range map[string]float64{
		"12px Arial":                        TextWidth("Wide", 12, false),
		"bold 18px Liberation Sans, Arial":  TextWidth("Wide", 18, true),
		"italic 700 10.5px Arial":           TextWidth("Wide", 10.5, true),
		"normal 12px Arial Bold Extra bold": TextWidth("Wide", 12, false),
	} {
		if got := cssTextWidth("Wide", css); got != want {
			t.Errorf("cssTextWidth(%q) = %g, want %g", css, got, want)
		}
	}
}
