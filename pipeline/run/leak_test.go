package run

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// checkLeaks fails a test at whose end a goroutine that this package has started is still there, after some time to end.
func checkLeaks(t *testing.T) {
	t.Cleanup(func() {
		var left []string
		for range 100 {
			if left = leaked(); len(left) == 0 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// leaked returns the stacks of the goroutines that this package has started, itself or by a crew.
func leaked() []string {
	text := make([]byte, 1<<20)
	text = text[:runtime.Stack(text, true)]
	var found []string
	for _, stack := range strings.Split(string(text), "\n\n") {
		const house = "\ncreated by github.com/strangeloopio/inferencex/pipeline/"
		if strings.Contains(stack, house+"run.") || strings.Contains(stack, house+"crew.") {
			found = append(found, stack)
		}
	}
	return found
}

func TestLeaksAreSeen(t *testing.T) {
	forever := make(chan struct{})
	go func() { <-forever }()
	if found := leaked(); len(found) != 1 || !strings.Contains(found[0], "TestLeaksAreSeen") {
		t.Errorf("found %v", found)
	}
	close(forever)
	checkLeaks(t)
}
