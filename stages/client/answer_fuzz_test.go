package client

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/client/h1"
)

// FuzzAnswer has an answer of any status put together from any body: one row comes of it, the same however the reads cut the body, with times in
// their order, whether the body ended as it should or broke.
func FuzzAnswer(f *testing.F) {
	paths, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil || len(paths) == 0 {
		f.Fatalf("captures: %v, %v", paths, err)
	}
	for i, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		body := capturedBody(f, path)
		status := 200
		if bytes.HasPrefix(raw, []byte("HTTP/1.1 4")) {
			status = 400
		}
		f.Add(body[:min(len(body), 6000)], 50, status, i%2 == 0)
	}
	f.Add([]byte(" \n{\"error\":\"no\"}"), 0, 200, true)
	for _, event := range []string{aToken, aFinish, aUsage, theEnd, `data: {"error":{"message":"no"}}` + "\n\n", `{"error":"no"}`, "event: error\ndata: x\n\n"} {
		f.Add([]byte(aToken+event), 3, 200, true)
	}
	c, err := New(Config{Endpoint: stage.Endpoint{URL: "http://127.0.0.1:1"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, size, status int, clean bool) {
		size = 1 + max(size, -size, 0)%200
		whole := assemble(t, c, body, len(body)+1, status, clean)
		cut := assemble(t, c, body, size, status, clean)
		if diff := cmp.Diff(whole, cut); diff != "" {
			t.Errorf("reads of %d bytes of %q (-one read +many):\n%s", size, body, diff)
		}
	})
}

// assemble returns the row of an answer whose body is read in pieces of one size.
func assemble(t *testing.T, c *Client, body []byte, size, status int, clean bool) reading {
	t.Helper()
	a := c.newAnswer(&Call{id: "f"}, 0, nil)
	a.leave = func() {}
	defer a.stopLingering()
	a.row.TSend = 1
	a.Head(2, h1.Head{Status: status, Proto: "HTTP/1.1"})
	now := int64(3)
	for piece := range slices.Chunk(body, size) {
		if a.Body(now, bytes.Clone(piece)) {
			break
		}
		now++
	}
	var err error
	if !clean {
		err = io.ErrUnexpectedEOF
	}
	a.close(context.Background(), now, err)
	row := a.row
	times := []int64{row.TSend, *row.THeaders}
	for _, at := range []*int64{row.TFirstEvent, row.TFirstToken, row.TLastToken} {
		if at != nil {
			times = append(times, *at)
		}
	}
	if times = append(times, row.TDone); !slices.IsSorted(times) {
		t.Errorf("times %v of %q", times, body)
	}
	if statuses := []string{"ok", "http_error", "stream_error", "truncated", "empty"}; !slices.Contains(statuses, row.Status) || (row.Status == "ok") != (row.Error == "") {
		t.Errorf("status %q (%s) of %q", row.Status, row.Error, body)
	}
	if !utf8.ValidString(row.Error) || len(row.Error) > excerptBytes || int(row.Chunks) != len(a.chunks) {
		t.Errorf("error %q, %d chunks of %d", row.Error, row.Chunks, len(a.chunks))
	}
	return readingOf(row)
}
