// Package controltest judges claims about time on a machine that may be busy. Its invariant: a claim that does
// not hold is red unless a null server, which had a light load of its own for as long as the measurement
// took, was late by its own stamps; and three measurements that cannot be judged are red.
//
// A judgement goes as follows.
//
//  1. A null server in a process of its own begins to write paced tokens to a few streams, and stamps each.
//  2. The claim is measured.
//  3. If it holds, that is the end: a busy machine makes no measurement better.
//  4. If it does not, the null server wrote its tokens when they were due, and the measured server's own records
//     tell of no delay: the claim is false.
//  5. Otherwise the machine was too busy: that is printed. When the null server has been in time for a while, or
//     after a minute, the next measurement begins at 1. The third one is red.
package controltest

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"
)

// measurements is how many there are of a claim before a machine that is too busy for it is red.
const measurements = 3

// Finding is what one measurement came to.
type Finding struct {
	Off  string // what is beyond its bound; empty: the claim holds
	Late string // how the measured server's own records tell of a busy machine; empty: they do not
}

// Watch is a control beside one measurement.
type Watch interface {
	// End returns by what the machine was too busy; empty: it was not.
	End() (late string, err error)
}

// Judge measures a claim beside a null server until it can be judged, and fails the test if it does not hold.
// The test's binary has to be the null server when its first argument is "null-server", see nullserver.Main.
func Judge(t *testing.T, measure func() Finding) {
	t.Helper()
	begin := func() (Watch, error) { return watch(t.Context()) }
	calm := func() error { return waitForCalm(t.Context(), begin, 3*time.Second, time.Minute) }
	verdict, err := judge(t.Output(), t.Name(), begin, calm, measure)
	if err != nil {
		t.Fatal(err)
	}
	if verdict != "" {
		t.Error(verdict)
	}
}

// judge returns what is wrong with a claim; empty: it holds.
func judge(talk io.Writer, name string, begin func() (Watch, error), calm func() error, measure func() Finding) (
	string, error,
) {
	for n := 1; ; n++ {
		control, err := begin()
		if err != nil {
			return "", err
		}
		found := measure()
		late, err := control.End()
		if err != nil {
			return "", err
		}
		if late == "" {
			late = found.Late
		}
		switch {
		case found.Off == "":
			return "", nil
		case late == "":
			return found.Off, nil
		case n == measurements:
			return fmt.Sprintf("%s; but the machine was too busy, or what is measured made it so, in all of %d measurements: %s",
				found.Off, n, late), nil
		}
		fmt.Fprintf(talk, "machine too busy: not judged (%s: %s; %s)\n", name, late, found.Off)
		if err := calm(); err != nil {
			return "", err
		}
	}
}

// waitForCalm returns when a control has been in time for a while, or when there was no such while for as
// long as patience lasts: what comes then is measured all the same.
func waitForCalm(ctx context.Context, begin func() (Watch, error), while, patience time.Duration) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		control, err := begin()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(while):
		}
		if late, err := control.End(); late == "" || err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
