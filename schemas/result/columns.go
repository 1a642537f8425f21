package result

// Column is one key of a cell's object, for files that have the cells as rows.
type Column struct {
	Name, Unit, Doc string
	// Value returns a string, int64, float64, bool or []string, always of the type of Zero, or nil where the value is missing.
	Value    func(Cell) any
	Zero     any
	Nullable bool
}

// Columns returns the keys of every cell's object in their order.
func Columns(metrics []Metric) []Column {
	columns := []Column{
		text("cell", "key of the cell in the plan", func(c Cell) string { return c.Cell }),
		text("address", "address of the load step: the column cell of the other tables", func(c Cell) string { return c.Address }),
		text("benchmark", "block of the suite that the cell is from", func(c Cell) string { return c.Benchmark }),
		text("model", "name of the model in the suite", func(c Cell) string { return c.Model }),
		text("repo", "repository or path that the model was loaded from", func(c Cell) string { return c.Repo }),
		text("engine", "name of the engine in the suite", func(c Cell) string { return c.Engine }),
		text("provider", "name of the provider in the suite", func(c Cell) string { return c.Provider }),
		text("workload", "name of the workload in the suite", func(c Cell) string { return c.Workload }),
		text("gpu_type", "type of the GPUs", func(c Cell) string { return c.GPUType }),
		whole("gpus", "", "GPUs allocated", func(c Cell) int { return c.GPUs }),
		whole("users", "", "requests kept in flight; 0 in an open loop", func(c Cell) int { return c.Users }),
		{Name: "rate_rps", Unit: "1/s", Doc: "scheduled rate; 0 in a closed loop", Zero: 0.0, Value: func(c Cell) any { return c.RateRPS }},
		whole("isl", "tokens", "input length asked for", func(c Cell) int { return c.ISL }),
		whole("osl", "tokens", "output length asked for", func(c Cell) int { return c.OSL }),
		whole("trial", "", "trial of the cell, from 1", func(c Cell) int { return c.Trial }),
		text("status", "ok or failed", func(c Cell) string { return c.Status }),
		optional("failure", "why the cell failed", func(c Cell) string { return c.Failure }),
		{Name: "simulated", Doc: "the endpoint was simulated", Zero: false, Value: func(c Cell) any { return c.Simulated }},
	}
	for _, m := range metrics {
		columns = append(columns, Column{Name: m.Name, Unit: m.Unit, Doc: m.Doc, Nullable: true, Zero: 0.0, Value: func(c Cell) any {
			if v, ok := c.Value(m.Name); ok {
				return v
			}
			return nil
		}})
	}
	return append(
		columns,
		Column{Name: "power_valid", Doc: "the power columns rest on readings that pass every check", Zero: false, Value: func(c Cell) any { return c.PowerValid }},
		optional("power_method", "counter, padded or trapezoid", func(c Cell) string { return c.PowerMethod }),
		Column{Name: "power_u95_percent", Unit: "%", Doc: "half-width of the 95 % interval of energy_j", Nullable: true, Zero: 0.0, Value: func(c Cell) any {
			if c.PowerU95Percent == nil {
				return nil
			}
			return *c.PowerU95Percent
		}},
		text("validity", "valid, valid_with_notes or invalid", func(c Cell) string { return c.Validity }),
		list("reasons", "reason codes, the grave ones first", func(c Cell) []string { return c.Reasons }),
		list("notes", "a sentence for each reason", func(c Cell) []string { return c.Notes }),
		list("slo_missed", "objectives of the suite that the cell misses", func(c Cell) []string { return c.SLOMissed }),
	)
}

func text(name, doc string, of func(Cell) string) Column {
	return Column{Name: name, Doc: doc, Zero: "", Value: func(c Cell) any { return of(c) }}
}

// optional is a text that is missing where it is empty.
func optional(name, doc string, of func(Cell) string) Column {
	return Column{Name: name, Doc: doc, Zero: "", Nullable: true, Value: func(c Cell) any {
		if v := of(c); v != "" {
			return v
		}
		return nil
	}}
}

func whole(name, unit, doc string, of func(Cell) int) Column {
	return Column{Name: name, Unit: unit, Doc: doc, Zero: int64(0), Value: func(c Cell) any { return int64(of(c)) }}
}

func list(name, doc string, of func(Cell) []string) Column {
	return Column{Name: name, Doc: doc, Zero: []string{}, Value: func(c Cell) any { return some(of(c)) }}
}
