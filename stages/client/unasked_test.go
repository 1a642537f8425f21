package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// deviant is a server on a real socket that answers each request with the request's id, and does what it
// should not.
type deviant struct {
	URL string
	// reply answers the n-th request of a connection, and reports whether to read another.
	reply func(conn net.Conn, n int, answer []byte) bool
	conns atomic.Int64
}

func newDeviant(t *testing.T, secure bool, reply func(conn net.Conn, n int, answer []byte) bool) *deviant {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deviant{URL: "http://" + ln.Addr().String(), reply: reply}
	if secure {
		like := httptest.NewTLSServer(nil)
		ln = tls.NewListener(ln, &tls.Config{Certificates: like.TLS.Certificates})
		like.Close()
		d.URL = "https" + strings.TrimPrefix(d.URL, "http")
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			d.conns.Add(1)
			work.Go(func() { d.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		work.Wait()
	})
	return d
}

func (d *deviant) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := 1; ; n++ {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, err = io.Copy(io.Discard, req.Body)
		if err != nil || !d.reply(conn, n, answerTo(req.Header.Get("X-Request-Id"))) {
			return
		}
	}
}

// answerTo is a whole answer that says this.
func answerTo(id string) []byte {
	said := fmt.Sprintf(`data: {"choices":[{"delta":{"content":"%s"}}]}`, id)
	return stream(said + "\n\n" + aFinish + theEnd)
}

// put writes and reports that it did.
func put(conn net.Conn, texts ...[]byte) bool {
	_, err := conn.Write(bytes.Join(texts, nil))
	return err == nil
}

// reply is what a deviant server does.
type reply func(conn net.Conn, n int, answer []byte) bool

// everyCarrier runs a test with each way to carry requests to such a server.
func everyCarrier(t *testing.T, reply reply, test func(*testing.T, *Client, *deviant)) {
	t.Helper()
	for _, carrier := range []string{"chosen", "net/http", "TLS"} {
		t.Run(carrier, func(t *testing.T) {
			d := newDeviant(t, carrier == "TLS", reply)
			if carrier != "TLS" {
				test(t, carriers(t, d.URL)[carrier], d)
				return
			}
			e := stage.Endpoint{URL: d.URL, Model: "llm", Trust: stage.Trust{Insecure: true}}
			c, err := New(Config{Endpoint: e})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			test(t, c, d)
		})
	}
}

// asks sends requests one after the other, and wants of each its own answer, which was sent once.
func asks(t *testing.T, c *Client, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		r := hello
		r.ID = fmt.Sprint("r-", i)
		call, err := c.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		row, _, text := c.SendForText(context.Background(), call, c.clock.NowNS(), nil)
		if row.Status != "ok" || text != r.ID || row.StaleRetries != 0 {
			t.Errorf("request %d: %s (%s), sent again %d times, answered %q",
				i, row.Status, row.Error, row.StaleRetries, text)
		}
	}
}

// counted waits until so many connections are counted.
func counted(t *testing.T, c *Client, want int64) {
	t.Helper()
	for c.carrier.unasked() < want {
		runtime.Gosched()
	}
	if got, _ := c.Unasked(); got != want {
		t.Errorf("%d connections with bytes that nobody asked for, want %d", got, want)
	}
}

// What comes behind the end of an answer is the answer to nothing: the connection is not used again.
func TestBytesBehindAnAnswer(t *testing.T) {
	for name, extra := range map[string]func(answer []byte) []byte{
		"a second answer":    func(answer []byte) []byte { return answer },
		"a part of one":      func(answer []byte) []byte { return answer[:9] },
		"what is no HTTP":    func([]byte) []byte { return []byte("data: [DONE]\n\n") },
		"an empty line":      func([]byte) []byte { return []byte("\r\n") },
		"more than a buffer": func([]byte) []byte { return bytes.Repeat([]byte("x"), 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			twice := func(conn net.Conn, _ int, answer []byte) bool {
				return put(conn, answer, extra(answer))
			}
			everyCarrier(t, twice, func(t *testing.T, c *Client, d *deviant) {
				asks(t, c, 1, 6)
				counted(t, c, 6)
				if n := d.conns.Load(); n != 6 {
					t.Errorf("%d connections", n)
				}
			})
		})
	}
}

// The same, where the length of the answer stands in its head.
func TestBytesBehindAnAnswerOfKnownLength(t *testing.T) {
	body := aToken + aFinish + theEnd
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	twice := func(conn net.Conn, _ int, _ []byte) bool { return put(conn, answer, answer) }
	everyCarrier(t, twice, func(t *testing.T, c *Client, _ *deviant) {
		for range 3 {
			row := c.Complete(context.Background(), hello)
			if row.Status != "ok" || row.Chunks != 1 || row.StaleRetries != 0 {
				t.Errorf("row: %+v", row)
			}
		}
		counted(t, c, 3)
	})
}

// What comes while no request is under way is the answer to nothing, however long after the last one it
// comes.
func TestBytesOnAnIdleConnection(t *testing.T) {
	for name, extra := range map[string]string{
		"an answer":   string(answerTo("nobody")),
		"a few bytes": "HTTP",
		"one byte":    "\n",
	} {
		t.Run(name, func(t *testing.T) {
			idle := make(chan bool)
			later := func(conn net.Conn, n int, answer []byte) bool {
				return put(conn, answer) && (!<-idle || put(conn, []byte(extra)))
			}
			everyCarrier(t, later, func(t *testing.T, c *Client, d *deviant) {
				go func() { idle <- false }()
				asks(t, c, 1, 1)
				go func() { idle <- true }()
				asks(t, c, 2, 2)
				counted(t, c, 1)
				go func() { idle <- false }()
				asks(t, c, 3, 3)
				counted(t, c, 1)
				if n := d.conns.Load(); n != 2 {
					t.Errorf("%d connections: the second is for the third request", n)
				}
			})
		})
	}
}

// A second answer that comes when the next request is out cannot be told from that one's. It is noticed by
// what it leaves.
func TestALateSecondAnswerIsNoticed(t *testing.T) {
	late := func(conn net.Conn, n int, answer []byte) bool {
		if n == 2 {
			return put(conn, answerTo("r-1"), answer)
		}
		return put(conn, answer)
	}
	everyCarrier(t, late, func(t *testing.T, c *Client, _ *deviant) {
		c.Complete(context.Background(), hello)
		c.Complete(context.Background(), hello)
		counted(t, c, 1)
	})
}

// A server may close a connection that waits: at once, or with HTTP 408, which is no answer.
func TestAKeptConnectionIsClosed(t *testing.T) {
	for name, farewell := range map[string]string{
		"at once":  "",
		"HTTP 408": "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			closed := make(chan bool)
			once := func(conn net.Conn, n int, answer []byte) bool {
				put(conn, answer)
				<-closed
				put(conn, []byte(farewell))
				conn.Close()
				closed <- true
				return false
			}
			everyCarrier(t, once, func(t *testing.T, c *Client, d *deviant) {
				for i := range 3 {
					asks(t, c, i, i)
					closed <- true
					<-closed
					settle(c)
				}
				counted(t, c, 0)
				if n := d.conns.Load(); n != 3 {
					t.Errorf("%d connections", n)
				}
			})
		})
	}
}

// settle gives net/http the time to hear of what it was sent. The loop needs none: it looks before it writes.
func settle(c *Client) {
	if _, own := c.carrier.(*loop); !own {
		for range 1000 {
			runtime.Gosched()
		}
	}
}

// A server that says that it will close has broken no promise.
func TestAnnouncedCloses(t *testing.T) {
	announced := func(conn net.Conn, _ int, answer []byte) bool {
		head, body, _ := bytes.Cut(answer, []byte("\r\n"))
		put(conn, head, []byte("\r\nConnection: close\r\n"), body)
		return false
	}
	everyCarrier(t, announced, func(t *testing.T, c *Client, d *deviant) {
		asks(t, c, 1, 12)
		counted(t, c, 0)
		if n := d.conns.Load(); n != 12 {
			t.Errorf("%d connections", n)
		}
	})
}

// A server that takes the second request of each connection and closes has each of them sent again.
func TestEverySecondRequestIsSentAgain(t *testing.T) {
	once := func(conn net.Conn, n int, answer []byte) bool { return n == 1 && put(conn, answer) }
	everyCarrier(t, once, func(t *testing.T, c *Client, _ *deviant) {
		c.staleWithin = 1 << 60
		again := 0
		for range 12 {
			row := c.Complete(context.Background(), hello)
			if row.Status != "ok" {
				t.Errorf("%s: %s", row.Status, row.Error)
			}
			again += int(row.StaleRetries)
		}
		if again != 11 {
			t.Errorf("%d of 12 requests were sent again, want all but the first", again)
		}
		counted(t, c, 0)
	})
}

// hasty answers when it has read a few bytes of a large request, and reads no more of it until its client
// has the answer.
func hasty(t *testing.T, conn net.Conn, answer string, had <-chan struct{}) {
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	put(conn, []byte(answer))
	<-had
}

// narrow has the connections of a listener take little that their server does not read.
func narrow(t *testing.T, ln net.Listener) {
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// HTTP 200 to a request that is not written yet is the answer to another one. A refusal is none: a server
// need not read what it refuses.
func TestAnswerBeforeTheRequestIsWritten(t *testing.T) {
	for size, words := range map[string]int{
		"more than a socket takes": 8 << 20,
		"on its way":               1 << 15, // this kernel has it, and the server's has no room for it
	} {
		large := hello
		large.Prompt.Text = strings.Repeat("word ", words)
		t.Run(size, func(t *testing.T) { answersEarly(t, large) })
	}
}

func answersEarly(t *testing.T, large Request) {
	for name, test := range map[string]struct{ answer, status, err string }{
		"an answer": {
			string(answerTo("r-1")), "stream_error", "the answer began before the server had its request",
		},
		"a refusal": {
			"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large",
			"http_error", "HTTP 413: too large",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(nil)
			ln := server.Listener
			defer ln.Close()
			narrow(t, ln)
			var work sync.WaitGroup
			defer work.Wait()
			for carrier, c := range carriers(t, "http://"+ln.Addr().String()) {
				had := make(chan struct{})
				work.Go(func() {
					conn, err := ln.Accept()
					if err != nil {
						t.Error(err)
						return
					}
					hasty(t, conn, test.answer, had)
				})
				row := c.Complete(context.Background(), large)
				close(had)
				if row.Status != test.status || row.Error != test.err {
					t.Errorf("%s: %s (%s)", carrier, row.Status, row.Error)
				}
				if _, n := c.Unasked(); (n == 1) != (name == "an answer") {
					t.Errorf("%s: %d counted", carrier, n)
				}
				c.Close()
				work.Wait()
			}
		})
	}
}
