package arrival

import (
	"math"
	"math/rand/v2"
)

// Gaps draws the time between two arrivals in units of its mean.
type Gaps func() float64

// Constant gaps are all the same.
func Constant() Gaps { return func() float64 { return 1 } }

// Poisson gaps are exponential: arrivals know nothing of each other, as those of many independent users. Their coefficient of variation is 1.
func Poisson(rng *rand.Rand) Gaps { return rng.ExpFloat64 }

// Gamma gaps have the burstiness for their shape, as in vLLM's benchmark: 1 is poisson, below it arrivals come in bursts, above it they even
// out. Their coefficient of variation is 1/√burstiness.
func Gamma(burstiness float64, rng *rand.Rand) Gaps {
	return func() float64 { return gamma(burstiness, rng) / burstiness }
}

// gamma draws from the gamma distribution of a shape and the scale 1, by the method of Marsaglia and Tsang (2000). Conversions keep products
// from being fused into sums.
func gamma(shape float64, rng *rand.Rand) float64 {
	if shape < 1 {
		// A draw of the next higher shape, times the root of a uniform one.
		return gamma(shape+1, rng) * math.Pow(1-rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := 1 - rng.Float64(); math.Log(u) < float64(x*x/2)+d-float64(d*v)+float64(d*math.Log(v)) {
			return d * v
		}
	}
}
