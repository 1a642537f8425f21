package chart

// latencyCurve shows how both latencies grow with the load.
func latencyCurve() Def {
	return againstLoad("latency_curve", "Latency", latencyPanel(), ttftPanel())
}
