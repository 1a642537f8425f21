package metric

func (s *Sample) outputTokens() float64 {
	var n float64
	for _, r := range s.OK() {
		if r.OSL != nil {
			n += float64(*r.OSL)
		}
	}
	return n
}

func (s *Sample) inputTokens() float64 {
	var n float64
	for _, r := range s.OK() {
		if r.ISL != nil {
			n += float64(*r.ISL)
		}
	}
	return n
}

// some is a sum, which is missing where it is zero: nothing was answered, or not counted.
func some(sum func(*Sample) float64) func(*Sample) (float64, bool) {
	return func(s *Sample) (float64, bool) {
		total := sum(s)
		return total, total > 0
	}
}

// perSecond divides a sum over the ok requests by the whole window. A sum of zero is missing: nothing was answered, or not counted.
func perSecond(sum func(*Sample) float64) func(*Sample) (float64, bool) {
	return func(s *Sample) (float64, bool) {
		total := sum(s)
		if total == 0 || s.window().empty() {
			return 0, false
		}
		return total / s.window().seconds(), true
	}
}

// perGPU divides a rate by the GPUs allocated.
func perGPU(rate func(*Sample) (float64, bool)) func(*Sample) (float64, bool) {
	return func(s *Sample) (float64, bool) {
		v, ok := rate(s)
		if !ok {
			return 0, false
		}
		return ratio(v, float64(s.Cell.GPUs))
	}
}

func throughput() []Def {
	rates := []struct {
		name, unit, what string
		sum              func(*Sample) float64
	}{
		{"rps", "1/s", "Ok requests", func(s *Sample) float64 { return float64(len(s.OK())) }},
		{"output_tps", "tokens/s", "Output tokens of ok requests", (*Sample).outputTokens},
		{"input_tps", "tokens/s", "Input tokens of ok requests", (*Sample).inputTokens},
		{"total_tps", "tokens/s", "Input and output tokens of ok requests", func(s *Sample) float64 { return s.inputTokens() + s.outputTokens() }},
	}
	defs := []Def{{
		Name: "window_s", Unit: "s", Doc: "Whole window: first send of any request to last token of an ok one.", Needs: Requests,
		Compute: func(s *Sample) (float64, bool) { return s.window().seconds(), !s.window().empty() },
	}}
	defs = append(
		defs,
		Def{Name: "input_tokens", Unit: "tokens", Doc: "Input tokens of ok requests.", Needs: Requests, Compute: some((*Sample).inputTokens)},
		Def{Name: "output_tokens", Unit: "tokens", Doc: "Output tokens of ok requests.", Needs: Requests, Compute: some((*Sample).outputTokens)},
	)
	for _, r := range rates {
		defs = append(defs, Def{
			Name: r.name, Unit: r.unit, Better: Higher, Doc: r.what + " ÷ whole window.", Needs: Requests, Compute: perSecond(r.sum),
		})
	}
	for _, r := range rates {
		defs = append(defs, Def{
			Name: r.name + "_per_gpu", Unit: r.unit + "/GPU", Better: Higher, Doc: r.name + " ÷ all GPUs allocated.", Needs: Requests,
			Compute: perGPU(perSecond(r.sum)),
		})
	}
	return defs
}
