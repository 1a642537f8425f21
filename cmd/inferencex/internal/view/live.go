package view

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/result"
)

// lineEvery is how often a running step is told of where there are no bars.
const lineEvery = 10 * time.Second

// activity is a step that runs.
type activity struct {
	mu          sync.Mutex
	bar         *mpb.Bar
	began, told time.Time // by the events; told: when a line was last said of it
	done, total int
	figures     map[string]any
	note        string
}

// take takes in a reading, and moves the bar: by what is done, or where nobody knows how much there is to do by the time that is left.
func (a *activity) take(e event.Event) {
	done, total := a.reached(e)
	if a.bar != nil {
		a.bar.SetTotal(total+1, false) // one more, so that the bar ends with the step
		a.bar.SetCurrent(done)
	}
}

// reached takes in a reading and returns where the bar stands, and where it ends.
func (a *activity) reached(e event.Event) (done, total int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done, a.total, a.figures, a.note = e.Done, e.Total, e.Figures, e.Message
	if eta, ok := a.seconds("eta_s"); ok && a.total == 0 {
		ran := e.Time.Sub(a.began)
		return ran.Milliseconds(), (ran + eta).Milliseconds()
	}
	return int64(a.done), int64(a.total)
}

// barText is text for a bar, which is drawn in a goroutine of its own: a panic there is what it shows.
func barText(text func() string) (s string) {
	err := crew.Catch(func() error {
		s = text()
		return nil
	})
	if err != nil {
		return crew.Brief(err)
	}
	return s
}

// due reports whether it is time for another line about the step.
func (a *activity) due(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.told) < lineEvery {
		return false
	}
	a.told = now
	return true
}

// live is all that is known of what the step does, on one line.
func (a *activity) live() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(append(a.way(), a.pulse()...), ", ")
}

// head is what stands behind the bar, and body what stands below it.
func (a *activity) head() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.way(), ", ")
}

func (a *activity) body() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Join(a.pulse(), ", ")
}

// way is how far the step is.
func (a *activity) way() []string {
	var parts []string
	switch {
	case a.total > 0:
		parts = append(parts, fmt.Sprintf("%d/%d", a.done, a.total))
	case a.done > 0:
		parts = append(parts, fmt.Sprintf("%d done", a.done))
	}
	if eta, ok := a.seconds("eta_s"); ok && eta > 0 {
		parts = append(parts, rough(eta)+" left")
	}
	if a.note != "" {
		parts = append(parts, a.note)
	}
	return parts
}

// pulse is how a load goes: what the client sees, then what the server says of itself.
func (a *activity) pulse() []string {
	var parts []string
	add := func(format, name, unit string) {
		if v, ok := a.number(name); ok && v > 0 {
			parts = append(parts, fmt.Sprintf(format, result.Quantity(v, unit)))
		}
	}
	add("%s in flight", "in_flight", "")
	add("%s tok/s", "output_tps", "")
	for _, family := range []string{"ttft", "tpot"} {
		p50, ok := a.number(family + "_p50_s")
		if !ok {
			continue
		}
		text := strings.ToUpper(family) + " " + result.Quantity(p50, "s")
		if p99, ok := a.number(family + "_p99_s"); ok {
			text += " (p99 " + result.Quantity(p99, "s") + ")"
		}
		parts = append(parts, text)
	}
	add("queue %s", "server_waiting", "")
	add("KV cache %s", "kv_usage", "fraction")
	if n, ok := a.number("errors"); ok && n > 0 {
		parts = append(parts, plural.Of(int(n), "error"))
	}
	return parts
}

func (a *activity) seconds(name string) (time.Duration, bool) {
	v, ok := a.number(name)
	return time.Duration(v * float64(time.Second)), ok
}

// number is a figure, whatever kind of number it is in an event, or in the file of events.
func (a *activity) number(name string) (float64, bool) {
	switch v := a.figures[name].(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	default:
		return 0, false
	}
}

// fitted cuts text, whose letters are all of one column, to a width.
func fitted(text string, width int) string {
	letters := []rune(text)
	switch {
	case len(letters) <= width:
		return text
	case width <= 0:
		return ""
	default:
		return string(letters[:width-1]) + "…"
	}
}
