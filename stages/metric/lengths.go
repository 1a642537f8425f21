package metric

import "github.com/strangeloopio/inferencex/schemas/table"

func meanLength(is func(table.Request) bool, of func(table.Request) *int32) func(*Sample) (float64, bool) {
	return func(s *Sample) (float64, bool) {
		var values []float64
		for _, r := range s.OK() {
			if n := of(r); is(r) && n != nil {
				values = append(values, float64(*n))
			}
		}
		return Mean(values)
	}
}

func lengths() []Def {
	return []Def{
		{
			Name: "isl_mean", Unit: "tokens", Needs: Requests, Doc: "Input length of the ok requests that tell it, as the server counted it (mean).",
			Compute: meanLength(anyRequest, func(r table.Request) *int32 { return r.ISL }),
		},
		{
			Name: "osl_mean", Unit: "tokens", Needs: Requests, Doc: "Output length of the ok requests that tell it, as the server counted it (mean).",
			Compute: meanLength(anyRequest, func(r table.Request) *int32 { return r.OSL }),
		},
	}
}
