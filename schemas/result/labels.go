package result

import "strconv"

// Labels say which cell it is, in the suite's words. The plan writes them once, into the configuration of the
// aggregate step; whatever stands behind reads them. To add a label, declare it here as a field and as a
// column of the same name, and fill it in the plan. Labels are comparable: Points merges the cells whose
// labels are equal but for the trial.
type Labels struct {
	Cell      string `json:"cell"`
	Address   string `json:"address"` // of the load step: the value of column cell in the tables
	Benchmark string `json:"benchmark"`
	Model     string `json:"model"`
	Repo      string `json:"repo"`
	Engine    string `json:"engine,omitempty"`
	Provider  string `json:"provider"`
	Workload  string `json:"workload"`
	GPUType   string `json:"gpu_type"`
	GPUs      int    `json:"gpus"`
	// Users and RateRPS are the most and the mean of a pattern. Users is 0 in an open loop, RateRPS in a
	// closed one.
	Users   int     `json:"users,omitempty"`
	RateRPS float64 `json:"rate_rps,omitempty"`
	// Pattern names what the load follows where it is not Users or RateRPS all along: phases, such as
	// "5-20rps", or a trace.
	Pattern string `json:"pattern,omitempty"`
	ISL     int    `json:"isl"`   // tokens, as asked for: the mean, where they are drawn from a distribution
	OSL     int    `json:"osl"`   // likewise
	Trial   int    `json:"trial"` // from 1

	// What lengths are drawn from, such as "uniform(800, 1024)"; empty where all are the same.
	ISLDistribution string `json:"isl_distribution,omitempty"`
	OSLDistribution string `json:"osl_distribution,omitempty"`

	// What conversations are like: requests in each, such as "uniform(2, 6)", and the pause between an answer
	// and the next request, such as "exponential(2s)"; empty where requests stand alone, or nobody pauses.
	// ISL is then what is new in a prompt.
	Turns     string `json:"turns,omitempty"`
	ThinkTime string `json:"think_time,omitempty"`

	// What is served, and by what.
	Revision     string `json:"revision,omitempty"`    // of the model; empty where the suite pins none
	EngineKind   string `json:"engine_kind,omitempty"` // vllm, sglang, …; empty: the provider's own
	EngineImage  string `json:"engine_image,omitempty"`
	EngineArgs   string `json:"engine_args,omitempty"` // joined by blanks
	ProviderType string `json:"provider_type,omitempty"`
}

// labelColumns are the columns of the labels, one for each field, in the order of the fields.
func labelColumns() []Column[Cell] {
	return []Column[Cell]{
		text("cell", "key of the cell in the plan", func(c Cell) string { return c.Cell }),
		text("address", "address of the load step: the column cell of the other tables",
			func(c Cell) string { return c.Address }),
		text("benchmark", "block of the suite that the cell is from",
			func(c Cell) string { return c.Benchmark }),
		text("model", "name of the model in the suite", func(c Cell) string { return c.Model }),
		text("repo", "repository or path that the model was loaded from",
			func(c Cell) string { return c.Repo }),
		text("engine", "name of the engine in the suite", func(c Cell) string { return c.Engine }),
		text("provider", "name of the provider in the suite", func(c Cell) string { return c.Provider }),
		text("workload", "name of the workload in the suite", func(c Cell) string { return c.Workload }),
		text("gpu_type", "type of the GPUs", func(c Cell) string { return c.GPUType }),
		integer("gpus", "", "GPUs allocated", func(c Cell) int { return c.GPUs }),
		integer("users", "", "requests kept in flight, the most of a pattern; 0 in an open loop",
			func(c Cell) int { return c.Users }),
		{
			Name: "rate_rps", Unit: "1/s", Zero: 0.0, Value: func(c Cell) any { return c.RateRPS },
			Doc: "scheduled rate, the mean of a pattern, of conversations where there are turns; " +
				"0 in a closed loop",
		},
		optional("pattern", "what the load follows where it is not users or rate_rps all along, "+
			"such as 5-20rps; else null",
			func(c Cell) string { return c.Pattern }),
		integer("isl", "tokens", "input length asked for; the mean of a distribution or of texts; "+
			"0 where nobody has counted these",
			func(c Cell) int { return c.ISL }),
		integer("osl", "tokens", "output length asked for; the mean of a distribution or of recorded "+
			"answers; 0 where nobody has counted these", func(c Cell) int { return c.OSL }),
		integer("trial", "", "trial of the cell, from 1", func(c Cell) int { return c.Trial }),
		optional("isl_distribution", "what input lengths are drawn from, or whose texts are sent; "+
			"null where all are the same",
			func(c Cell) string { return c.ISLDistribution }),
		optional("osl_distribution", "what output lengths are drawn from; null where all are the same",
			func(c Cell) string { return c.OSLDistribution }),
		optional("turns", "requests of a conversation, of whose prompts isl is what is new; "+
			"null where requests stand alone",
			func(c Cell) string { return c.Turns }),
		optional("think_time", "pause between an answer and the next request; null where nobody pauses",
			func(c Cell) string { return c.ThinkTime }),
		text("revision", "revision of the model; empty where the suite pins none",
			func(c Cell) string { return c.Revision }),
		text("engine_kind", "kind of the engine; empty: the provider's own",
			func(c Cell) string { return c.EngineKind }),
		text("engine_image", "image of the engine", func(c Cell) string { return c.EngineImage }),
		text("engine_args", "arguments that the suite adds to the engine's own, joined by blanks",
			func(c Cell) string { return c.EngineArgs }),
		text("provider_type", "type of the provider", func(c Cell) string { return c.ProviderType }),
	}
}

// Label names the cell by its size: "1GPU/128U", or "1GPU/5rps" for an open loop, or by the pattern that its
// load follows.
func (l Labels) Label() string {
	size := strconv.Itoa(l.GPUs) + "GPU/"
	if l.Pattern != "" {
		return size + l.Pattern
	}
	if l.Users == 0 && l.RateRPS > 0 {
		return size + strconv.FormatFloat(l.RateRPS, 'g', -1, 64) + "rps"
	}
	return size + strconv.Itoa(l.Users) + "U"
}

// Input is the input length that was asked for, in words: "1024", or what it was drawn from.
func (l Labels) Input() string { return lengthOf(l.ISL, l.ISLDistribution) }

// Output is the output length that was asked for, as Input is.
func (l Labels) Output() string { return lengthOf(l.OSL, l.OSLDistribution) }

// Drawn reports whether requests differ in their lengths.
func (l Labels) Drawn() bool { return l.ISLDistribution != "" || l.OSLDistribution != "" }

func lengthOf(tokens int, distribution string) string {
	if distribution != "" {
		return distribution
	}
	return strconv.Itoa(tokens)
}
