package phase_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/workload/phase"
)

func TestStretches(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name   string
		phases phase.Phases
		want   []phase.Stretch
	}{
		{
			"steps of users",
			phase.Phases{{Users: 8, Duration: 10 * s}, {Users: 0, Duration: 5 * s}, {Users: 16, Duration: 20 * s}},
			[]phase.Stretch{{1, 0, 10 * s, 8, 8}, {2, 10 * s, 15 * s, 0, 0}, {3, 15 * s, 35 * s, 16, 16}},
		},
		{
			"ramps of a rate, the first from nothing and the last without an end",
			phase.Phases{{RateRPS: 2.5, Ramp: 4 * s, Duration: 10 * s}, {RateRPS: 1, Ramp: 6 * s, Duration: 6 * s}},
			[]phase.Stretch{{1, 0, 4 * s, 0, 2.5}, {1, 4 * s, 10 * s, 2.5, 2.5}, {2, 10 * s, 16 * s, 2.5, 1}},
		},
		{
			"a ramp to where it was",
			phase.Phases{{Users: 4, Duration: 10 * s}, {Users: 4, Ramp: 3 * s, Duration: 10 * s}},
			[]phase.Stretch{{1, 0, 10 * s, 4, 4}, {2, 10 * s, 20 * s, 4, 4}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.phases.Stretches()
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, g := range got {
				if ramp := g.Begin != g.End; g.Ramp() != ramp {
					t.Errorf("%+v: ramp %v", g, g.Ramp())
				}
			}
		})
	}
}
