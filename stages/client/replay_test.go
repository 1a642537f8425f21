package client

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// seen is a request as it came.
type seen struct {
	*http.Request
	body string
}

// hold is a write that waits until the client has closed the connection.
var hold []byte

// work is a write of nothing that takes a server as long as slowness.
var work = []byte{}

const slowness = 500 * time.Millisecond

// replay is a server on a real socket that answers each request on the n-th connection with the next of its script: raw bytes, in as many
// writes as there are slices. It closes the connection when its script ends. Connections beyond the script get the last one's.
type replay struct {
	URL      string
	requests chan seen

	ln      net.Listener
	scripts [][][][]byte // by connection, answer, write
	wg      sync.WaitGroup
}

func newReplay(t *testing.T, scripts ...[][][]byte) *replay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &replay{URL: "http://" + ln.Addr().String(), requests: make(chan seen, 256), ln: ln, scripts: scripts}
	r.wg.Go(r.serve)
	t.Cleanup(func() {
		ln.Close()
		r.wg.Wait()
	})
	return r
}

func (r *replay) serve() {
	for n := 0; ; n++ {
		conn, err := r.ln.Accept()
		if err != nil {
			return
		}
		r.wg.Go(func() { r.answer(conn, r.scripts[min(n, len(r.scripts)-1)]) })
	}
}

func (r *replay) answer(conn net.Conn, script [][][]byte) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, writes := range script {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.requests <- seen{req, string(body)}
		for _, b := range writes {
			switch {
			case b == nil:
				io.Copy(io.Discard, in)
			case len(b) == 0:
				<-time.After(slowness)
			}
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
	}
}

// once is a script of one connection that answers once, in the given writes.
func once(writes ...[]byte) [][][]byte { return [][][]byte{writes} }

// stream frames events as an HTTP/1.1 answer that ends cleanly.
func stream(body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
}

// newClient returns a client of the server at url.
func newClient(t *testing.T, url string) *Client {
	t.Helper()
	c, err := New(Config{Endpoint: stage.Endpoint{URL: url, Model: "llm"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// carriers returns a client of the server at url for each way of carrying requests to it.
func carriers(t *testing.T, url string) map[string]*Client {
	t.Helper()
	plain := newClient(t, url)
	plain.carrier.close()
	plain.carrier = newNetHTTP(plain, newPool(strings.TrimPrefix(url, "http://"), nil))
	return map[string]*Client{"chosen": newClient(t, url), "net/http": plain}
}

// newPatientClient returns a client to which a close of however long after a request means a stale connection, so that what a test finds does
// not depend on how busy this machine is.
func newPatientClient(t *testing.T, url string) *Client {
	t.Helper()
	c := newClient(t, url)
	c.staleWithin = time.Hour
	return c
}

// capture returns the raw bytes of a recorded answer. curl had taken the chunk framing away from the .txt ones: it is put back, one
// chunk for each event, and left open where curl saw the connection break.
func capture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".bin") {
		return raw
	}
	raw, exit, ok := bytes.Cut(raw, []byte("### curl exit: "))
	if !ok {
		t.Fatalf("%s: no line with curl's exit", name)
	}
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		t.Fatalf("%s: no head", name)
	}
	out := append(bytes.Clone(head), "\r\n\r\n"...)
	if !bytes.Contains(head, []byte("Transfer-Encoding: chunked")) {
		return append(out, bytes.TrimSuffix(body, []byte("\n"))...) // put before curl's exit where the body is empty
	}
	body, _, broken := bytes.Cut(body, []byte("curl: (18)"))
	for event := range bytes.SplitAfterSeq(body, []byte("\n\n")) {
		if len(event) > 0 {
			out = fmt.Appendf(out, "%x\r\n%s\r\n", len(event), event)
		}
	}
	if broken != (strings.TrimSpace(string(exit)) == "18") {
		t.Fatalf("%s: curl's exit is %q", name, exit)
	}
	if !broken {
		out = append(out, "0\r\n\r\n"...)
	}
	return out
}

// readSizes returns the sizes of the reads in which a .bin capture came.
func readSizes(t *testing.T, name string) []int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "captures", name+".times"))
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for line := range strings.Lines(string(raw)) {
		_, size, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatalf("%s.times: %q: %v", name, line, err)
		}
		sizes = append(sizes, n)
	}
	return sizes
}

func split(raw []byte, sizes []int) [][]byte {
	var writes [][]byte
	for _, n := range sizes {
		writes = append(writes, raw[:n])
		raw = raw[n:]
	}
	return writes
}

func everyByte(raw []byte) [][]byte {
	writes := make([][]byte, len(raw))
	for i := range raw {
		writes[i] = raw[i : i+1]
	}
	return writes
}

var hello = Request{API: Chat, Prompt: Prompt{Text: "Say hello"}, OSL: 48, ISL: 7, ID: "r-1"}

func complete(t *testing.T, c *Client, r Request) (row reading) {
	t.Helper()
	return readingOf(c.Complete(context.Background(), r))
}
