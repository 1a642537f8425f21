package client

import (
	"context"
	"fmt"
	"testing"
)

func TestOthersID(t *testing.T) {
	for _, test := range []struct{ event, own, want string }{
		{`{"id":"cmpl-ix-0a1b-7","choices":[]}`, "ix-0a1b-7", ""},
		{`{"id":"cmpl-ix-0a1b-7-0","choices":[]}`, "ix-0a1b-7", ""}, // of a batch, as some number it
		{`{"id":"cmpl-ix-0a1b-8","choices":[]}`, "ix-0a1b-7", "ix-0a1b-8"},
		{`{"id":"cmpl-ix-0a1b-70","choices":[]}`, "ix-0a1b-7", "ix-0a1b-70"},
		{`{"id":"cmpl-ix-0a1b-","choices":[]}`, "ix-0a1b-7", ""},
		{`{"id":"cmpl-ix-ffff-8","choices":[]}`, "ix-0a1b-7", ""}, // whoever asked for that
		{`{"id":"chatcmpl-37cc408a","choices":[]}`, "ix-0a1b-7", ""},
		{`{"choices":[]}`, "ix-0a1b-7", ""},
		{`{"id":"r1"}`, "r1", ""},
		{`{"id":"cmpl-"}`, "", ""},
	} {
		if got := othersID([]byte(test.event), test.own); got != test.want {
			t.Errorf("%s to %s: %q, want %q", test.event, test.own, got, test.want)
		}
	}
}

// A server that gives a request the answer to another one, and says so by its id, has not answered it.
func TestAnswerToAnotherRequest(t *testing.T) {
	const event = `data: {"id":"cmpl-ix-0a1b-6","choices":[{"text":"a","finish_reason":"length"}]}` + "\n\n"
	script := once(stream(event + aUsage + theEnd))
	for carrier, c := range carriers(t, newReplay(t, script).URL) {
		r := hello
		r.ID = "ix-0a1b-7"
		row := c.Complete(context.Background(), r)
		const want = "the answer is to another request: its id names ix-0a1b-6"
		_, misplaced := c.Unasked()
		if row.Status != "stream_error" || row.Error != want || row.TFirstToken != nil || misplaced != 1 {
			t.Errorf("%s: %s (%s), %d counted", carrier, row.Status, row.Error, misplaced)
		}
		if row = c.Complete(context.Background(), Request{ID: "ix-0a1b-6"}); row.Status != "ok" {
			t.Errorf("%s: its own: %s", carrier, fmt.Sprint(row.Status, row.Error))
		}
	}
}
