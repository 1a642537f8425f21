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
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// HumanConfig is what a view for people needs.
type HumanConfig struct {
	Out      io.Writer
	Plan     *plan.Plan
	Headline string // what is about to happen
	Terminal bool   // show bars that move
	Colour   bool
}

// Human prints one line for each step that ends, and on a terminal a bar for each that runs; elsewhere a line now and then.
type Human struct {
	style
	mu      sync.Mutex
	plain   io.Writer // what the bars write to
	out     io.Writer // above the bars, while there are any
	bars    *mpb.Progress
	running map[addr.Step]*activity
}

var _ Run = (*Human)(nil)

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
		h.begin(*e.Step, e.Time)
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

func (h *Human) begin(step addr.Step, at time.Time) {
	if old, ok := h.running[step]; ok {
		h.drop(step, old)
	}
	a := &activity{began: at, told: at}
	h.running[step] = a
	if h.bars == nil {
		return
	}
	options := []mpb.BarOption{
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("  " + short(step) + " ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + barText(a.head) })),
	}
	if step.Kind == plan.Load {
		options = append(options, mpb.BarBtmExtender(mpb.BarFillerFunc(func(w io.Writer, stat decor.Statistics) error {
			_, err := fmt.Fprintf(w, "%s\n", fitted("    "+barText(a.body), stat.AvailableWidth))
			return err
		})))
	}
	a.bar = h.bars.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"), options...)
}

// progress moves a step's bar. Where there are none it says a line now and then, so that a long load in a log is seen to be alive.
func (h *Human) progress(e event.Event) {
	a, ok := h.running[*e.Step]
	if !ok {
		return
	}
	a.take(e)
	if h.bars == nil && a.due(e.Time) {
		h.say(h.dim("·"), e.Step.String(), a.live())
	}
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
	if tps, ok := a.number("output_tps"); ok {
		parts = append(parts, fmt.Sprintf("%.0f tok/s", tps))
	}
	if errors, ok := a.number("errors"); ok && errors > 0 {
		parts = append(parts, h.red(plural.Of(int(errors), "failed request")))
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
