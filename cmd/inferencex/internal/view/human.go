package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// HumanConfig is what a view for people needs.
type HumanConfig struct {
	Out      io.Writer
	Plan     *plan.Plan
	Headline string // what is about to happen
	Terminal bool   // show bars that move
	Colour   bool
}

// Human prints one line for each step that ends, and on a terminal a bar for each that runs.
type Human struct {
	style
	mu      sync.Mutex
	plain   io.Writer // what the bars write to
	out     io.Writer // above the bars, while there are any
	bars    *mpb.Progress
	running map[addr.Step]*activity
}

var _ Run = (*Human)(nil)

// activity is a step that runs.
type activity struct {
	mu          sync.Mutex
	bar         *mpb.Bar
	done, total int
	figures     map[string]any
	note        string
}

// NewHuman returns a view and prints what the run is about to do.
func NewHuman(cfg HumanConfig) *Human {
	h := &Human{style: style(cfg.Colour), plain: cfg.Out, out: cfg.Out, running: map[addr.Step]*activity{}}
	fmt.Fprintf(h.out, "%s: %s\n", h.bold(cfg.Plan.Suite), cfg.Headline)
	for _, warning := range cfg.Plan.Warnings {
		fmt.Fprintf(h.out, "%s %s\n", h.yellow("!"), warning)
	}
	if cfg.Terminal {
		h.bars = mpb.New(mpb.WithOutput(cfg.Out), mpb.WithWidth(28), mpb.WithRefreshRate(200*time.Millisecond))
		h.out = h.bars
	}
	return h
}

// Talk returns a writer that puts whole lines above the bars.
func (h *Human) Talk() io.Writer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out
}

// Close ends the bars.
func (h *Human) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for step, a := range h.running {
		h.drop(step, a)
	}
	if h.bars != nil {
		h.bars.Wait()
		h.bars, h.out = nil, h.plain
	}
}

// Emit shows one event.
func (h *Human) Emit(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Type {
	case event.StepStarted:
		h.begin(*e.Step)
	case event.StepProgress:
		h.progress(e)
	case event.StepDone:
		h.end(e, h.green("✓"), h.result(e))
	case event.StepReused:
		if e.Step.Kind != plan.Load && e.Step.Kind != plan.FetchPower { // those were counted in the first line
			h.end(e, h.green("="), e.Message)
		}
	case event.StepFailed:
		h.end(e, h.red("✗"), fmt.Sprintf("%s: %s", e.Reason, e.Message))
	case event.StepBlocked:
		h.end(e, h.yellow("–"), "not run: "+firstLine(e.Message))
	case event.StepCanceled:
		h.end(e, h.yellow("–"), "canceled")
	case event.StepRetried:
		h.say(h.yellow("↻"), e.Step.String(), fmt.Sprintf("attempt %d: %s; again in %.0f s", e.Attempt, e.Message, e.Seconds))
	case event.Note:
		if e.Level == event.Info {
			return // it is in the events file
		}
		who := ""
		if e.Step != nil {
			who = e.Step.String()
		}
		h.say(h.yellow("!"), who, e.Message)
	}
}

func (h *Human) begin(step addr.Step) {
	if old, ok := h.running[step]; ok {
		h.drop(step, old)
	}
	a := &activity{}
	h.running[step] = a
	if h.bars == nil {
		return
	}
	a.bar = h.bars.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("  "+short(step)+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + a.live() })))
}

func (h *Human) progress(e event.Event) {
	a, ok := h.running[*e.Step]
	if !ok {
		return
	}
	a.mu.Lock()
	a.done, a.total, a.figures, a.note = e.Done, e.Total, e.Figures, e.Message
	a.mu.Unlock()
	if a.bar != nil {
		a.bar.SetTotal(int64(e.Total)+1, false) // one more, so that the bar ends with the step
		a.bar.SetCurrent(int64(e.Done))
	}
}

// live is what stands behind the bar.
func (a *activity) live() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var parts []string
	if a.total > 0 {
		parts = append(parts, fmt.Sprintf("%d/%d", a.done, a.total))
	}
	for _, f := range []struct{ name, format string }{
		{"in_flight", "%v in flight"}, {"output_tps", "%.0f tok/s"}, {"ttft_p50_s", "TTFT %.3f s"}, {"errors", "%v errors"},
	} {
		if v, ok := a.figures[f.name]; ok && fmt.Sprint(v) != "0" {
			parts = append(parts, fmt.Sprintf(f.format, v))
		}
	}
	if a.note != "" {
		parts = append(parts, a.note)
	}
	return strings.Join(parts, ", ")
}

func (h *Human) drop(step addr.Step, a *activity) {
	if a.bar != nil {
		a.bar.Abort(true)
	}
	delete(h.running, step)
}

// end prints how a step ended, in place of its bar.
func (h *Human) end(e event.Event, sign, text string) {
	if a, ok := h.running[*e.Step]; ok {
		h.drop(*e.Step, a)
	}
	name := e.Step.String()
	if e.Seconds >= 0.05 {
		name += h.dim(fmt.Sprintf("  %.1f s", e.Seconds))
	}
	h.say(sign, name, text)
}

func (h *Human) say(sign, who, text string) {
	if who != "" && text != "" {
		who += "  "
	}
	fmt.Fprintf(h.out, "%s %s%s\n", sign, who, indent(text, 4))
}

// result says what a finished step has to say for itself.
func (h *Human) result(e event.Event) string {
	a, ok := h.running[*e.Step]
	if !ok || e.Step.Kind != plan.Load {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var parts []string
	if tps, ok := a.figures["output_tps"].(float64); ok {
		parts = append(parts, fmt.Sprintf("%.0f tok/s", tps))
	}
	if errors, ok := a.figures["errors"].(int); ok && errors > 0 {
		parts = append(parts, h.red(Count(errors, "failed request")))
	}
	return strings.Join(parts, ", ")
}

// short names a step in little room: its kind, and of its address the end, which tells it from its neighbours.
func short(step addr.Step) string {
	const room = 28
	key := []rune(step.Key)
	if len(key) > room {
		key = append([]rune("…"), key[len(key)-room:]...)
	}
	return strings.TrimSpace(step.Kind + " " + string(key))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
