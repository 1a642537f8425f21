package smi_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// FuzzParse holds that a command line is understood, or refused by a *Refusal that says something.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		sampler + " --format=csv,noheader,nounits -lms 100", "-L", "", "-i", "-i 0,1 -L", "-l 0", "-lms=12345",
		"-L -lms 9223372036854775807", "-L -l 9223372037",
		"--query-gpu=power.draw --format=csv", "--query-gpu= --format=", "--format", "=",
	} {
		f.Add(seed, smi.DefaultDriver)
	}
	f.Fuzz(func(t *testing.T, line string, driver int) {
		q, err := smi.Parse(strings.Fields(line), driver)
		var refusal *smi.Refusal
		switch {
		case err != nil && (!errors.As(err, &refusal) || refusal.Text == ""):
			t.Errorf("%q: %v is no refusal", line, err)
		case err == nil && q.Period < 0:
			t.Errorf("%q: a period of %v", line, q.Period)
		}
	})
}
