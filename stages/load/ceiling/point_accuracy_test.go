//go:build accuracy

package ceiling

import (
	"fmt"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/client/nullserver/controltest"
)

// A point's tokens are read as far apart as the server was asked to write them.
func TestAccuracyPointsGap(t *testing.T) {
	m := beside(t)
	for _, gap := range []time.Duration{20 * time.Millisecond, 10 * time.Millisecond} {
		controltest.Judge(t, func() controltest.Finding {
			p, err := m.point(t.Context(), 4, gap)
			if err != nil {
				t.Fatal(err)
			}
			var found controltest.Finding
			if got := p.Figures.GapP50; got < gap.Seconds()/2 || got > 2*gap.Seconds() {
				found.Off = fmt.Sprintf("half of the gaps were up to %.4f s, want about %v", got, gap)
			}
			if late := p.Figures.ServerLateP99; late > gap.Seconds()/2 {
				found.Late = fmt.Sprintf("the server was %.4f s late (p99)", late)
			}
			return found
		})
	}
}
