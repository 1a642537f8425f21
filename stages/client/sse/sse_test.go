package sse

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cut feeds stream to a scanner in reads of the given size and returns its events; those named error begin with "!".
func cut(t testing.TB, stream string, size int, clean bool) []string {
	t.Helper()
	var s Scanner
	found := []string{}
	note := func() {
		text := string(s.Data)
		if s.Failed {
			text = "!" + text
		}
		found = append(found, text)
	}
	read := make([]byte, size)
	for rest := stream; len(rest) > 0; {
		n := copy(read, rest)
		rest = rest[n:]
		if err := s.Feed(read[:n]); err != nil {
			t.Fatal(err)
		}
		for s.Next() {
			note()
		}
		clear(read) // the scanner may not rest on what was lent to it
	}
	if s.Finish(clean) {
		note()
	}
	return found
}

var framings = []struct {
	name, stream string
	want         []string
}{
	{"nothing", "", []string{}},
	{"line feeds", "data: a\n\ndata: b\n\n", []string{"a", "b"}},
	{"carriage returns and line feeds", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
	{"carriage returns", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
	{"mixed line ends", "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", []string{"a", "b", "c"}},
	{"without a space", "data:a\n\n", []string{"a"}},
	{"only one space is taken away", "data:  a\n\n", []string{" a"}},
	{"several data lines", "data: a\ndata: bc\ndata:\ndata: d\n\n", []string{"a\nbc\n\nd"}},
	{"several data lines of other ends", "data: a\r\ndata: bc\rdata: d\n\n", []string{"a\nbc\nd"}},
	{"an empty data line is an event", "data:\n\n", []string{""}},
	{"a data line without a colon", "data\n\n", []string{""}},
	{"comments", ": ping\n\n: ping\ndata: a\n: ping\n\n:\n\n", []string{"a"}},
	{"other fields", "id: 1\nretry: 5\nevent: message\ndata: a\n\nid: 2\n\n", []string{"a"}},
	{"an event named error", "event: error\ndata: a\n\ndata: b\n\n", []string{"!a", "b"}},
	{"the name may come last", "data: a\nevent: error\n\n", []string{"!a"}},
	{"a name without data is forgotten", "event: error\n\ndata: a\n\n", []string{"a"}},
	{"names that begin alike", "database: a\ndat: b\n\n", []string{}},
	{"several empty lines", "\n\n\ndata: a\n\n\n\n", []string{"a"}},
	{"a byte order mark", "\ufeffdata: a\n\n", []string{"a"}},
	{"beyond ASCII", "data: é€😀\n\n", []string{"é€😀"}},
	{"no empty line at the end", "data: a\n\ndata: b\n", []string{"a", "b"}},
	{"no line end at the end", "data: a\n\ndata: b", []string{"a", "b"}},
}

func TestEvents(t *testing.T) {
	for _, test := range framings {
		t.Run(test.name, func(t *testing.T) {
			for size := 1; size <= max(1, len(test.stream)); size++ {
				if diff := cmp.Diff(test.want, cut(t, test.stream, size, true)); diff != "" {
					t.Fatalf("reads of %d bytes (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

// The connection broke: what came of the last line may be a part of it, but a whole line counts.
func TestEventsOfABrokenStream(t *testing.T) {
	for stream, want := range map[string][]string{
		"data: a\n\ndata: b":   {"a"},
		"data: a\n\ndata: b\n": {"a", "b"},
	} {
		if diff := cmp.Diff(want, cut(t, stream, 3, false)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", stream, diff)
		}
	}
}

func TestEventsLargerThanARead(t *testing.T) {
	large := strings.Repeat("x", 5000)
	stream := "data: a\n\ndata: " + large + "\ndata: b\n\ndata: c\n\n"
	if diff := cmp.Diff([]string{"a", large + "\nb", "c"}, cut(t, stream, 1000, true)); diff != "" {
		t.Error(diff)
	}
}

func TestEventWithoutEnd(t *testing.T) {
	var s Scanner
	read := bytes.Repeat([]byte("x"), 1<<20)
	for n := range maxBytes>>20 + 1 {
		err := s.Feed(read)
		if err != nil {
			if err != ErrTooLarge || n<<20 < maxBytes {
				t.Fatalf("after %d MiB: %v", n, err)
			}
			return
		}
		if s.Next() {
			t.Fatalf("an event of %d bytes", len(s.Data))
		}
	}
	t.Fatalf("%d bytes without an end were taken", len(s.buf))
}

// FuzzEvents holds the scanner against a reading of the same text by lines, however the reads cut it.
func FuzzEvents(f *testing.F) {
	for _, test := range framings {
		f.Add(test.stream, 1)
	}
	paths, err := filepath.Glob("../testdata/captures/*.txt")
	if err != nil || len(paths) == 0 {
		f.Fatalf("captures: %v, %v", paths, err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		f.Add(body[:min(len(body), 4000)], 7) // what follows is more of the same
	}
	f.Fuzz(func(t *testing.T, stream string, size int) {
		size = 1 + max(size, -size, 0)%64
		if diff := cmp.Diff(eventsByLines(stream), cut(t, stream, size, true)); diff != "" {
			t.Errorf("reads of %d bytes of %q (-want +got):\n%s", size, stream, diff)
		}
	})
}

// eventsByLines is the standard's algorithm in its plainest form.
func eventsByLines(stream string) []string {
	stream = strings.TrimPrefix(stream, "\ufeff")
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream), "\n")
	found := []string{}
	var data []string
	failed := false
	for _, line := range append(lines, "") {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if data != nil {
				mark := map[bool]string{true: "!"}[failed]
				found = append(found, mark+strings.Join(data, "\n"))
			}
			data, failed = nil, false
		case name == "data":
			data = append(data, value)
		case name == "event":
			failed = value == "error"
		}
	}
	return found
}
