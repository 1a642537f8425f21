package metric

func cost() []Def {
	return []Def{{
		Name: "usd_per_mtok", Unit: "USD", Better: Lower, Needs: Price,
		Doc: "Price of a million output tokens: GPUs × price of a GPU-hour ÷ (output_tps × 3600) × 10⁶. Idle time and start-up are not in it.",
		Compute: func(s *Sample) (float64, bool) {
			rate, ok := perSecond((*Sample).outputTokens)(s)
			if !ok || s.GPU.PricePerHourUSD == 0 {
				return 0, false
			}
			return float64(s.Cell.GPUs) * s.GPU.PricePerHourUSD / (rate * 3600) * 1e6, true
		},
	}}
}
