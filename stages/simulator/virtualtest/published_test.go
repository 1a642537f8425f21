package virtualtest_test

import (
	"encoding/csv"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/virtualtest"
)

// published is a row of testdata/published.csv: what a server of vLLM did with a steady load.
type published struct {
	source, model, precision, gpu, load string
	gpus                                int
	users                               int     // in the batch, on average
	prompt, output                      int     // tokens, the longest
	spread                              float64 // of the lengths, as virtualtest.Load has it
	tpotSeconds                         float64
	ttftSeconds                         float64 // 0: not published
	wattsPerGPU                         float64 // 0: not published
}

// The prompts of ML.ENERGY's data sets are not published: these are a choice, after the sets' own texts.
var meanPrompts = map[string]int{"lm-arena-chat": 125, "gpqa": 250}

var meanBatch = regexp.MustCompile(`^mean batch ([0-9.]+);`)

// readPublished reads the rows. What ML.ENERGY publishes of lengths is the mean output: they are taken to lie evenly between nothing and twice
// the mean, and a token's time to be the batch over the throughput. InferenceX draws lengths from .8 to 1 of those named.
func readPublished(t testing.TB) []published {
	t.Helper()
	file, err := os.Open("testdata/published.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []published
	for _, line := range lines[1:] {
		field := map[string]string{}
		for i, name := range lines[0] {
			field[name] = line[i]
		}
		number := func(name string) float64 {
			v, err := strconv.ParseFloat(field[name], 64)
			if err != nil {
				t.Fatalf("%v: %s: %v", line, name, err)
			}
			return v
		}
		row := published{
			source: field["source"], model: catalogueName(field["model"]), precision: field["precision"], gpu: field["gpu"],
			gpus: int(number("n_gpus")), users: int(number("concurrency")), load: field["isl"] + "/" + field["osl"],
		}
		if row.source == "ml.energy" {
			batch, err := strconv.ParseFloat(meanBatch.FindStringSubmatch(field["note"])[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			row.load = strings.Split(field["load"], ", ")[1]
			row.users, row.spread = int(math.Round(batch)), 1
			row.prompt, row.output = 2*meanPrompts[row.load], 2*int(number("osl"))
			row.tpotSeconds, row.wattsPerGPU = batch/number("output_tps"), number("watts_total")/number("n_gpus")
		} else {
			row.prompt, row.output, row.spread = int(number("isl")), int(number("osl")), .2
			row.tpotSeconds, row.ttftSeconds = number("tpot_ms")/1e3, number("ttft_ms")/1e3
		}
		rows = append(rows, row)
	}
	return rows
}

// catalogueName is the catalogue's name of a model of these sizes.
func catalogueName(model string) string {
	model = model[strings.LastIndex(model, "/")+1:]
	model = strings.TrimSuffix(strings.TrimSuffix(model, "-FP8"), "-Instruct")
	return strings.Replace(model, "3.3-70B", "3.1-70B", 1)
}

// claimed reports whether the model claims to describe a row, and where not, why.
func (p published) claimed() (why string, ok bool) {
	switch {
	case p.source == "ml.energy" && p.gpu == "B200":
		return "the host sets the pace: 8 sequences wait 32 ms for a token of Qwen3-8B, on an H100 10 ms", false
	case p.model == "Llama-3.1-8B" && p.gpu == "H200":
		return "its FP8 checkpoint keeps keys and values in FP8, and some of its prompts need more than 70 % of the peak rate", false
	}
	return "", true
}

// weights is the format of the model's weights.
func (p published) weights() string {
	if strings.HasPrefix(p.precision, "fp8") {
		return "FP8"
	}
	return "BF16"
}

// hardware is what the row was measured on.
func (p published) hardware(t testing.TB) hardware.Config {
	t.Helper()
	model, err := hardware.LookupModel(p.model)
	if err != nil {
		t.Fatal(err)
	}
	if p.weights() == "FP8" {
		model.WeightBytes = 1
	}
	gpu, err := hardware.LookupGPU(p.gpu)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := hardware.LookupProfile("graphs")
	if err != nil {
		t.Fatal(err)
	}
	return hardware.Config{Model: model, GPU: gpu, GPUs: p.gpus, Profile: profile}
}

// simulated is the mean TPOT, and the power of a GPU, of the row's load on the simulator, while all users are there.
func (p published) simulated(t testing.TB) (tpotSeconds, watts float64) {
	t.Helper()
	const waves = 3
	var spans []engine.Span
	machine, err := hardware.New(p.hardware(t))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Machine: machine, OnSpan: func(s engine.Span) { spans = append(spans, s) }})
	if err != nil {
		t.Fatal(err)
	}
	timings, err := virtualtest.Play(e, virtualtest.Load{
		Users: p.users, Requests: waves * p.users, PromptTokens: p.prompt, OutputTokens: p.output, Spread: p.spread,
	})
	if err != nil {
		t.Fatal(err)
	}
	// The first ones start together, and the last ones are alone at the end.
	begin, end := timings[p.users].Sent, timings[len(timings)-1].Sent
	n := 0
	for _, r := range timings[p.users:] {
		if r.Last <= end && r.Tokens > 1 {
			tpotSeconds += (r.Last - r.First).Seconds() / float64(r.Tokens-1)
			n++
		}
	}
	joules := 0.0
	for _, s := range spans {
		if s.Start >= begin && s.End <= end {
			joules += s.PowerWatts * (s.End - s.Start).Seconds()
		}
	}
	return tpotSeconds / float64(n), joules / (end - begin).Seconds()
}
