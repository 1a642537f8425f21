package warmup

import (
	"math"
	"math/rand/v2"
	"testing"
)

// feed gives a watch the times that at returns, and returns how many it took.
func feed(s *settling, at func(i int) *float64) (settled bool, taken int) {
	for i := range s.most() + 1 {
		if settled, over := s.add(at(i)); over {
			return settled, i + 1
		}
	}
	return false, s.most() + 1
}

func TestSettling(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noisy := func(median float64) *float64 { return new(median * math.Exp(0.3*rng.NormFloat64())) }
	const users = 32
	for name, test := range map[string]struct {
		at       func(i int) *float64
		settled  bool
		from, to int // windows that it may take
	}{
		"steady":                         {func(int) *float64 { return new(0.1) }, true, 3, 3},
		"steady but for noise":           {func(int) *float64 { return noisy(0.1) }, true, 3, 6},
		"a first burst":                  {func(i int) *float64 { return noisy(map[bool]float64{true: 1, false: 0.1}[i < users]) }, true, 4, 7},
		"falls for eight windows":        {func(i int) *float64 { return new(0.1 * math.Pow(0.8, float64(min(i/users, 8)))) }, true, 11, 11},
		"rises for ever":                 {func(i int) *float64 { return new(0.1 * math.Pow(1.2, float64(i/users))) }, false, 32, 32},
		"by half a tenth a window":       {func(i int) *float64 { return new(0.1 * math.Pow(1.05, float64(i/users))) }, true, 3, 3},
		"no good answer":                 {func(int) *float64 { return nil }, false, 1, 1},
		"a window without a good answer": {func(i int) *float64 { return map[bool]*float64{true: new(0.1)}[i < users] }, false, 2, 2},
		"one good answer of each window": {func(i int) *float64 { return map[bool]*float64{true: new(0.1)}[i%users == 5] }, true, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			settled, taken := feed(newSettling(users), test.at)
			if settled != test.settled || taken < test.from*users || taken > test.to*users || taken%users != 0 {
				t.Errorf("settled: %v, after %.1f windows; want %v after %d to %d", settled, float64(taken)/users, test.settled, test.from, test.to)
			}
		})
	}
	if size := newSettling(2).size; size != fewestAnswers {
		t.Errorf("windows of %d answers for 2 users", size)
	}
}
