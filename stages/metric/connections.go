package metric

import "github.com/strangeloopio/inferencex/schemas/table"

func connections() []Def {
	return []Def{
		{
			Name: "new_connections", Needs: Requests, Doc: "Requests that were the first on their connection.",
			Compute: func(s *Sample) (float64, bool) {
				return s.count(func(r table.Request) bool { return r.NewConnection }), true
			},
		},
		{
			Name: "stale_retries", Needs: Requests, Doc: "Sends repeated because a kept connection was closed before any byte came: no failure of the server.",
			Compute: func(s *Sample) (float64, bool) {
				n := 0
				for _, r := range s.Data.Requests {
					n += int(r.StaleRetries)
				}
				return float64(n), true
			},
		},
	}
}
