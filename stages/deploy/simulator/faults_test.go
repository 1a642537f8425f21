package simulator_test

import (
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
)

// What a suite says wrongly of faults is told where it says so.
func TestFaultsOfASuite(t *testing.T) {
	for name, test := range map[string]struct{ hcl, want string }{
		"no list":           {`faults = "stall"`, `a string is no list of faults; write [{ kind = "stall" }]`},
		"one object":        {`faults = { kind = "stall" }`, `an object is no list of faults`},
		"no object":         {`faults = ["stall"]`, `element 1: a fault is an object such as {"kind":"stall"}`},
		"no kind":           {`faults = [{ count = 2 }]`, "element 1: a fault needs a kind: one of die, http_429"},
		"misspelt kind":     {`faults = [{ kind = "stall" }, { kind = "http_50" }]`, `element 2: unknown fault "http_50"; did you mean "http_500"?`},
		"alien kind":        {`faults = [{ kind = "earthquake" }]`, `unknown fault "earthquake": there is die, http_429`},
		"misspelt class":    {`faults = [{ kind = "startup", class = "model_gate" }]`, `fault startup: unknown class "model_gate"; did you mean "model_gated"?`},
		"alien class":       {`faults = [{ kind = "startup", class = "earthquake" }]`, `unknown class "earthquake": there is bad_flag, capacity, cuda_oom, driver`},
		"misspelt setting":  {`faults = [{ kind = "stall", after_chunk = 2 }]`, `fault stall has no "after_chunk". Did you mean "after_chunks"?`},
		"another's setting": {`faults = [{ kind = "stall", class = "driver" }]`, `fault stall has no "class". There is after_chunks, after_requests, count, stall_seconds.`},
		"wrong type":        {`faults = [{ kind = "stall", count = "many" }]`, `element 1: fault: count is a string, want a whole number`},
		"a fraction":        {`faults = [{ kind = "stall", count = 1.5 }]`, `element 1: fault: count is a number 1.5, want a whole number`},
		"below zero":        {`faults = [{ kind = "stall", stall_seconds = -1 }]`, "fault stall: stall_seconds is -1: it must not be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blocktest.Parse(simulator.NewProvider().Body(), test.hcl)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
	if _, err := blocktest.Parse(simulator.NewProvider().Body(), `faults = [{ kind = "stall", count = 2 }, { kind = "startup", class = "driver", message = null }]`); err != nil {
		t.Errorf("good faults: %v", err)
	}
}
