package metric

import "github.com/strangeloopio/inferencex/schemas/table"

func prefixHit() []Def {
	return []Def{{
		Name: "prefix_hit", Unit: "fraction", Needs: Requests,
		Doc:     "Share of the input tokens that the server took from its prefix cache: Σ cached ÷ Σ input over the ok requests that tell both.",
		Compute: prefixHitOf(anyRequest),
	}}
}

func anyRequest(table.Request) bool { return true }

// prefixHitOf is the share of the input of such requests that came from the prefix cache.
func prefixHitOf(is func(table.Request) bool) func(*Sample) (float64, bool) {
	return func(s *Sample) (float64, bool) {
		var cached, prompt float64
		for _, r := range s.OK() {
			if is(r) && r.CachedTokens != nil && r.ISL != nil {
				cached += float64(*r.CachedTokens)
				prompt += float64(*r.ISL)
			}
		}
		return ratio(cached, prompt)
	}
}
