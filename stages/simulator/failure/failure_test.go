package failure_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/deploy/startup"
	"github.com/strangeloopio/inferencex/stages/simulator/failure"
)

func TestEachLogTellsItsClass(t *testing.T) {
	for _, class := range failure.Classes() {
		lines, err := failure.Lines(class, "acme/tiny")
		if err != nil {
			t.Fatal(err)
		}
		got, known := startup.Classify(lines)
		if !known || string(got.Reason) != class {
			t.Errorf("%s is taken for %q:\n%s", class, got.Reason, strings.Join(lines, "\n"))
		}
		if text := strings.Join(lines, "\n"); strings.Contains(text, "{model}") {
			t.Errorf("%s names no model:\n%s", class, text)
		}
	}
}

func TestEveryReasonHasALog(t *testing.T) {
	var want []string
	for _, reason := range startup.Reasons() {
		want = append(want, string(reason))
	}
	if diff := cmp.Diff(want, failure.Classes()); diff != "" {
		t.Errorf("reasons of package startup (-) and logs (+):\n%s", diff)
	}
}

func TestUnknownClass(t *testing.T) {
	if _, err := failure.Lines("flood", "m"); err == nil || err.Error() != `no failed start of class "flood"` {
		t.Errorf("error is %v", err)
	}
}
