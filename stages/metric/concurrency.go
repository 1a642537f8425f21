package metric

// meanInFlight is that of the whole window. By Little's law it equals the rate of ok requests times their mean time in flight, where all are ok.
func (s *Sample) meanInFlight() (float64, bool) { return s.inFlightWithin(s.window()) }

// inFlightWithin is the integral of the requests in flight over a window ÷ its length.
func (s *Sample) inFlightWithin(w span) (float64, bool) {
	return meanOver(w, flights(s.Data.Requests))
}

func concurrency() []Def {
	return []Def{
		{
			Name: "system_tps_per_user", Unit: "tokens/s/user", Better: Higher, Doc: "output_tps ÷ achieved_concurrency.", Needs: Requests,
			Compute: func(s *Sample) (float64, bool) {
				rate, ok := perSecond((*Sample).outputTokens)(s)
				users, _ := s.meanInFlight()
				if !ok {
					return 0, false
				}
				return ratio(rate, users)
			},
		},
		{
			Name: "achieved_concurrency", Unit: "requests", Doc: "Mean number of requests in flight (sent, stream not ended) over the whole window.", Needs: Requests,
			Compute: (*Sample).meanInFlight,
		},
	}
}
