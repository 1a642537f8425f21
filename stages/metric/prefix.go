package metric

func prefixHit() []Def {
	return []Def{{
		Name: "prefix_hit", Unit: "fraction", Needs: Requests,
		Doc: "Share of the input tokens that the server took from its prefix cache: Σ cached ÷ Σ input over the ok requests that tell both.",
		Compute: func(s *Sample) (float64, bool) {
			var cached, prompt float64
			for _, r := range s.OK() {
				if r.CachedTokens != nil && r.ISL != nil {
					cached += float64(*r.CachedTokens)
					prompt += float64(*r.ISL)
				}
			}
			return ratio(cached, prompt)
		},
	}}
}
