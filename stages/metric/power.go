package metric

// joules is the energy of all GPUs from the first send to the last byte, or false where it was not validly measured.
func (s *Sample) joules() (float64, bool) {
	if s.Data.Energy == nil || !s.Data.Energy.Valid {
		return 0, false
	}
	return *s.Data.Energy.Joules, true
}

func power() []Def {
	perJoule := func(count func(*Sample) float64) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) {
			j, ok := s.joules()
			if n := count(s); ok && n > 0 {
				return j / n, true
			}
			return 0, false
		}
	}
	watts := func(s *Sample) (float64, bool) {
		if _, ok := s.joules(); !ok {
			return 0, false
		}
		return *s.Data.Energy.MeanWatts, true
	}
	return []Def{
		{
			Name: "power_w_mean", Unit: "W/GPU", Needs: Power, Doc: "Mean power of a GPU from the first send to the last byte: power_w_total ÷ GPUs measured.",
			Compute: func(s *Sample) (float64, bool) {
				w, ok := watts(s)
				if !ok {
					return 0, false
				}
				return ratio(w, float64(len(s.Data.Energy.Devices)))
			},
		},
		{Name: "power_w_total", Unit: "W", Needs: Power, Doc: "energy_j ÷ length of its window, all GPUs.", Compute: watts},
		{
			Name: "energy_j", Unit: "J", Better: Lower, Needs: Power, Doc: "Energy of all GPUs from the first send to the last byte, idle power included.",
			Compute: (*Sample).joules,
		},
		{
			Name: "j_per_output_token", Unit: "J/token", Better: Lower, Needs: Power, Doc: "energy_j ÷ output tokens of ok requests.",
			Compute: perJoule((*Sample).outputTokens),
		},
		{
			Name: "j_per_request", Unit: "J", Better: Lower, Needs: Power, Doc: "energy_j ÷ ok requests.",
			Compute: perJoule(func(s *Sample) float64 { return float64(len(s.OK())) }),
		},
		{
			Name: "tok_s_per_kw", Unit: "tokens/s/kW", Better: Higher, Needs: Power, Doc: "1000 × output tokens of ok requests ÷ energy_j.",
			Compute: func(s *Sample) (float64, bool) {
				j, ok := s.joules()
				if n := s.outputTokens(); ok && n > 0 {
					return ratio(1000*n, j)
				}
				return 0, false
			},
		},
	}
}
