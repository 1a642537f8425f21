package h1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reading is what a parser made of the bytes of a connection.
type reading struct {
	Head  Head
	Body  string
	Whole bool   // the end of the answer was found, or may be where the connection ended
	Rest  string // behind the answer
	Keep  bool   // the connection can be used again
	Err   string
}

// parse feeds raw to a parser in reads of the given size and then hangs up.
func parse(raw []byte, size int) reading {
	var p parser
	p.reset()
	var r reading
	body := []byte{}
	for at := 0; at < len(raw); at += size {
		b := bytes.Clone(raw[at:min(len(raw), at+size)]) // of its own: the parser may not rest on it
		for more := true; more; {
			part, data, rest, err := p.next(b)
			switch {
			case err != nil:
				r.Err = err.Error()
				return r
			case part == More:
				more = false
			case part == Top:
				r.Head = p.head
			case part == Body:
				body = append(body, data...)
			case part == End:
				r.Body, r.Whole, r.Keep = string(body), true, !p.close
				r.Rest = string(rest) + string(raw[min(len(raw), at+size):])
				return r
			}
			b = rest
		}
	}
	r.Body = string(body)
	if err := p.hangUp(); err != nil {
		r.Err = err.Error()
		return r
	}
	r.Whole = true
	return r
}

const plainHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

func TestParse(t *testing.T) {
	events := Head{Status: 200, Proto: "HTTP/1.1", ContentType: "text/event-stream"}
	for _, test := range []struct {
		name, raw string
		want      reading
	}{
		{"chunked", plainHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", reading{events, "abc0123456789", true, "", true, ""}},
		{"lower case and line feeds", "HTTP/1.1 200 OK\ncontent-type:text/event-stream\ntransfer-encoding:  Chunked \n\n3 \nabc\n000\n\n", reading{events, "abc", true, "", true, ""}},
		{"a trailer", plainHead + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nZ: 0\r\n\r\n", reading{events, "a", true, "", true, ""}},
		{"sized", plainHead + "Content-Length: 3\r\n\r\nabc", reading{events, "abc", true, "", true, ""}},
		{"sized, twice the same", plainHead + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", reading{events, "abc", true, "", true, ""}},
		{"chunked and sized: chunked counts", plainHead + "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", reading{events, "a", true, "", true, ""}},
		{"nothing", "HTTP/1.1 204 No Content\r\n\r\n", reading{Head{Status: 204, Proto: "HTTP/1.1"}, "", true, "", true, ""}},
		{"empty", plainHead + "Content-Length: 0\r\n\r\n", reading{events, "", true, "", true, ""}},
		{"until the end", plainHead + "\r\nabc", reading{events, "abc", true, "", false, ""}},
		{"closes", plainHead + "Connection: Close\r\nContent-Length: 1\r\n\r\na", reading{events, "a", true, "", false, ""}},
		{"announces much and closes", plainHead + "Connection: upgrade, close\r\nContent-Length: 1\r\n\r\na", reading{events, "a", true, "", false, ""}},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", reading{Head{Status: 200, Proto: "HTTP/1.0"}, "a", true, "", false, ""}},
		{"HTTP/1.0 that keeps", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", reading{Head{Status: 200, Proto: "HTTP/1.0"}, "a", true, "", true, ""}},
		{"interim answers", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + plainHead + "Content-Length: 1\r\n\r\na", reading{events, "a", true, "", true, ""}},
		{"two answers", plainHead + "Content-Length: 1\r\n\r\na" + plainHead, reading{events, "a", true, plainHead, true, ""}},
		{"compressed", "HTTP/1.1 200\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", reading{Head{Status: 200, Proto: "HTTP/1.1", ContentEncoding: "gzip"}, "a", true, "", true, ""}},

		{"closed at once", "", reading{Err: "EOF"}},
		{"cut in the status line", "HTTP/1.1 2", reading{Err: "unexpected EOF"}},
		{"cut in the head", plainHead, reading{Err: "unexpected EOF"}},
		{"cut behind an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", reading{Err: "unexpected EOF"}},
		{"cut in a sized body", plainHead + "Content-Length: 3\r\n\r\nab", reading{events, "ab", false, "", false, "unexpected EOF"}},
		{"cut in a chunk", plainHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nab", reading{events, "ab", false, "", false, "unexpected EOF"}},
		{"cut between chunks", plainHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", reading{events, "ab", false, "", false, "unexpected EOF"}},
		{"cut in the trailer", plainHead + "Transfer-Encoding: chunked\r\n\r\n0\r\n", reading{events, "", false, "", false, "unexpected EOF"}},

		{"another protocol", "SSH-2.0-x\r\n", reading{Err: `malformed HTTP response "SSH-2.0-x"`}},
		{"another version", "HTTP/2 200\r\n", reading{Err: `malformed HTTP response "HTTP/2 200"`}},
		{"no status", "HTTP/1.1 OK\r\n", reading{Err: `malformed HTTP response "HTTP/1.1 OK"`}},
		{"no field", "HTTP/1.1 200 OK\r\noops\r\n", reading{Err: `malformed header line "oops"`}},
		{"a size that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", reading{Err: `bad Content-Length "-1"`}},
		{"two sizes", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n", reading{Err: `bad Content-Length "2"`}},
		{"another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", reading{Err: "the answer has a transfer encoding that was not asked for"}},
		{"another protocol after all", "HTTP/1.1 101 Switching Protocols\r\n\r\n", reading{Err: "the server switched protocols though nothing else was asked for"}},
		{"a chunk of no size", plainHead + "Transfer-Encoding: chunked\r\n\r\n;x\r\n", reading{Head: events, Err: "malformed chunked encoding: a chunk without a size"}},
		{"a chunk of an odd size", plainHead + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", reading{Head: events, Err: `malformed chunked encoding: a chunk of size "-1"`}},
		{"a chunk of a huge size", plainHead + "Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n", reading{Head: events, Err: `malformed chunked encoding: a chunk of size "fffffffffffff"`}},
		{"a chunk that is longer", plainHead + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", reading{Head: events, Err: "malformed chunked encoding: a chunk is longer than it says"}},
		{"a line without end", strings.Repeat("x", maxLineBytes+2), reading{Err: "a line of the answer's head is longer than 64 KiB"}},
		{"a head without end", plainHead + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 1100), reading{Err: "the head of the answer is longer than 1 MiB"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sizes := []int{1, 2, 3, 7, len(test.raw) + 1}
			if len(test.raw) > 1000 {
				sizes = []int{1000}
			}
			for _, size := range sizes {
				if diff := cmp.Diff(test.want, parse([]byte(test.raw), size)); diff != "" {
					t.Errorf("reads of %d bytes (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

// FuzzParse holds the parser against net/http's, and its readings of differently cut reads against each other.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("../testdata/captures/*.bin")
	if err != nil || len(paths) == 0 {
		f.Fatalf("captures: %v, %v", paths, err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, 7)
	}
	for _, path := range []string{"llama-err-404.txt", "sim-err-badmodel.txt", "sim-inject-server_error.txt"} {
		raw, err := os.ReadFile(filepath.Join("../testdata/captures", path))
		if err != nil {
			f.Fatal(err)
		}
		raw, _, _ = bytes.Cut(raw, []byte("\n### curl exit"))
		f.Add(raw, 100)
	}
	for _, raw := range []string{
		plainHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", plainHead + "\r\nabc", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
		"HTTP/1.1 100 Continue\r\n\r\n" + plainHead + "Content-Length: 1\r\n\r\na",
	} {
		f.Add([]byte(raw), 2)
	}
	f.Fuzz(func(t *testing.T, raw []byte, size int) {
		got := parse(raw, 1+max(size, -size, 0)%200)
		whole := parse(raw, len(raw)+1)
		if got.Err != "" || whole.Err != "" {
			if (got.Err != "") != (whole.Err != "") {
				t.Fatalf("%q: %+v, and in one read %+v", raw, got, whole)
			}
			return
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Fatalf("%q (-one read +many):\n%s", raw, diff)
		}
		if theirs, err := standard(raw); err == nil && theirs != got.Body {
			t.Fatalf("%q: body %q, net/http reads %q", raw, got.Body, theirs)
		}
	})
}

var errOther = errors.New("an answer that net/http takes for another")

// standard returns the body as net/http reads it.
func standard(raw []byte) (string, error) {
	in := bufio.NewReader(bytes.NewReader(raw))
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return "", err
		}
		if resp.StatusCode == http.StatusSwitchingProtocols || fmt.Sprintf("%03d", resp.StatusCode) != resp.Status[:3] {
			return "", errOther
		}
		if resp.StatusCode < 200 { // its body is none
			continue
		}
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
}

// FuzzFrames holds the end of an answer to be where it is, however the answer was cut into reads.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nx",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nabc", "SSH-2.0-x\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, cut Frames
		whole.Begin()
		cut.Begin()
		ended, behind := whole.Take(text)
		for i := range text {
			if end, over := cut.Take(text[i : i+1]); end {
				if !ended || over+len(text)-i-1 != behind {
					t.Errorf("in one read: ended %v, %d behind; byte by byte it ended at %d with %d behind", ended, behind, i, over)
				}
				return
			}
		}
		if ended {
			t.Errorf("in one read it ended with %d behind; byte by byte never", behind)
		}
	})
}
