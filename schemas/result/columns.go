package result

// Column is one key of an object, of a cell or of a phase, for files that have these as rows.
type Column[Row any] struct {
	Name, Unit, Doc string
	// Value returns a string, int64, float64, bool or []string, always of the type of Zero, or nil where the value is missing.
	Value    func(Row) any
	Zero     any
	Nullable bool
}

// Columns returns the keys of every cell's object in their order.
func Columns(metrics []Metric) []Column[Cell] {
	columns := append(
		labelColumns(),
		text("status", "ok, failed, or missing where nobody tried", func(c Cell) string { return c.Status }),
		optional("failure", "why the cell has no numbers", func(c Cell) string { return c.Failure }),
		Column[Cell]{Name: "simulated", Doc: "the endpoint is simulated", Zero: false, Value: func(c Cell) any { return c.Simulated }},
		optional("run", "run that measured the cell", func(c Cell) string { return c.Run }),
		optional("measured_at", "when the load's clock began, RFC 3339", func(c Cell) string { return c.MeasuredAt }),
		optional("server_engine", "engine as the endpoint names it", func(c Cell) string { return c.ServerEngine }),
		optional("engine_version", "version of the engine as the endpoint says", func(c Cell) string { return c.EngineVersion }),
		list("gpu_names", "GPUs as seen from inside of the server, each name once", func(c Cell) []string { return c.GPUNames }),
		maybe("server_rtt_s", "s", "median of a request that does no work", func(c Cell) *float64 { return c.RTTSeconds }),
		maybe("speed", "", "simulated seconds in one of the wall clock; missing where the endpoint is not simulated", func(c Cell) *float64 { return c.Speed }),
		optional("server_metrics", "whose names the server's /metrics have: vllm, sglang or llamacpp", func(c Cell) string { return c.ServerMetrics }),
		optional("server_metrics_problem", "why there is no account of the server's own, or only a part of one", func(c Cell) string { return c.ServerMetricsProblem }),
	)
	for _, m := range metrics {
		columns = append(columns, metricColumn(m, Cell.Value))
	}
	return append(
		columns,
		Column[Cell]{Name: "power_valid", Doc: "the power columns rest on readings that pass every check", Zero: false, Value: func(c Cell) any { return c.PowerValid }},
		optional("power_method", "counter, padded or trapezoid", func(c Cell) string { return c.PowerMethod }),
		maybe("power_u95_percent", "%", "half-width of the 95 % interval of energy_j", func(c Cell) *float64 { return c.PowerU95Percent }),
		text("validity", "valid, valid_with_notes or invalid", func(c Cell) string { return c.Validity }),
		list("reasons", "reason codes, the grave ones first", func(c Cell) []string { return c.Reasons }),
		list("notes", "a sentence for each reason", func(c Cell) []string { return c.Notes }),
		list("slo_missed", "objectives of the suite that the cell misses", func(c Cell) []string { return c.SLOMissed }),
		list("slo_notes", "for each of these the value and the bound", func(c Cell) []string { return c.SLONotes }),
	)
}

// metricColumn is missing where the row has no such metric.
func metricColumn[Row any](m Metric, of func(Row, string) (float64, bool)) Column[Row] {
	return Column[Row]{Name: m.Name, Unit: m.Unit, Doc: m.Doc, Nullable: true, Zero: 0.0, Value: func(row Row) any {
		if v, ok := of(row, m.Name); ok {
			return v
		}
		return nil
	}}
}

func text(name, doc string, of func(Cell) string) Column[Cell] {
	return Column[Cell]{Name: name, Doc: doc, Zero: "", Value: func(c Cell) any { return of(c) }}
}

// optional is a text that is missing where it is empty.
func optional(name, doc string, of func(Cell) string) Column[Cell] {
	return Column[Cell]{Name: name, Doc: doc, Zero: "", Nullable: true, Value: func(c Cell) any {
		if v := of(c); v != "" {
			return v
		}
		return nil
	}}
}

// maybe is a number that is missing where it is nil.
func maybe[Row any](name, unit, doc string, of func(Row) *float64) Column[Row] {
	return Column[Row]{Name: name, Unit: unit, Doc: doc, Zero: 0.0, Nullable: true, Value: func(c Row) any {
		if v := of(c); v != nil {
			return *v
		}
		return nil
	}}
}

func integer[Row any](name, unit, doc string, of func(Row) int) Column[Row] {
	return Column[Row]{Name: name, Unit: unit, Doc: doc, Zero: int64(0), Value: func(c Row) any { return int64(of(c)) }}
}

func list(name, doc string, of func(Cell) []string) Column[Cell] {
	return Column[Cell]{Name: name, Doc: doc, Zero: []string{}, Value: func(c Cell) any { return some(of(c)) }}
}
