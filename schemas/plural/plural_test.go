package plural_test

import (
	"testing"

	"github.com/strangeloopio/inferencex/schemas/plural"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		n           int
		thing, want string
	}{
		{0, "cell", "0 cells"},
		{1, "cell", "1 cell"},
		{6, "failed request", "6 failed requests"},
		{1, "entry", "1 entry"},
		{2, "entry", "2 entries"},
		{3, "day", "3 days"},
	} {
		if got := plural.Of(c.n, c.thing); got != c.want {
			t.Errorf("%d × %q = %q, want %q", c.n, c.thing, got, c.want)
		}
	}
}
