//go:build linux

package h1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// taker is a sink that keeps what it gets.
type taker struct {
	head  Head
	body  strings.Builder
	times []int64
	until string // it has had enough when the body ends so; empty: never
}

func (s *taker) Head(t int64, head Head) { s.head, s.times = head, append(s.times, t) }

func (s *taker) Body(t int64, b []byte) bool {
	s.body.Write(b)
	s.times = append(s.times, t)
	return s.until != "" && strings.HasSuffix(s.body.String(), s.until)
}

// serve has handle answer the connections of a server, and returns its address.
func serve(t *testing.T, handle func(conn net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		work.Wait()
	})
	return ln.Addr().String()
}

// each answers every request of a connection with an answer of its own.
func each(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		for in := bufio.NewReader(conn); ; {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
		}
	}
}

func newTransport(t *testing.T, address string) *Transport {
	t.Helper()
	var ticks atomic.Int64
	transport, err := New(Config{Address: address, Now: func() int64 { return ticks.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	return transport
}

const (
	request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
	abc     = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
)

func get(t *testing.T, transport *Transport) *Conn {
	t.Helper()
	conn, err := transport.Get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestConnectionsAreKept(t *testing.T) {
	transport := newTransport(t, serve(t, each(abc)))
	if err := transport.Fill(context.Background(), 2); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		conn := get(t, transport)
		if !conn.Kept() || conn.Used() != (i > 0) {
			t.Errorf("request %d: kept %v, used %v", i, conn.Kept(), conn.Used())
		}
		var sink taker
		if end := conn.RoundTrip(context.Background(), []byte(request), &sink); end.Err != nil || !end.Heard || sink.body.String() != "abc" || end.T != sink.times[0] {
			t.Errorf("request %d: %+v, %q, %v", i, end, sink.body.String(), sink.times)
		}
	}
	if n := transport.Connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
	if reads := transport.Reads(); reads.Count != 5 {
		t.Errorf("%d reads", reads.Count)
	}
}

// A connection that its server closes is not given out again, whether it had announced that or not.
func TestClosedConnectionsAreNotKept(t *testing.T) {
	closed := make(chan struct{}, 8)
	for name, answer := range map[string]string{
		"announced":     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
		"unannounced":   abc,
		"too much":      abc + "de",
		"until the end": "HTTP/1.1 200 OK\r\n\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			transport := newTransport(t, serve(t, func(conn net.Conn) {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, answer)
				}
				conn.Close()
				closed <- struct{}{}
			}))
			for range 3 {
				var sink taker
				conn := get(t, transport)
				if end := conn.RoundTrip(context.Background(), []byte(request), &sink); end.Err != nil || sink.body.String() != "abc" {
					t.Fatalf("%+v, %q", end, sink.body.String())
				}
				<-closed
				for conn.alive() { // the loop hears of it in its own time
					runtime.Gosched()
				}
			}
			if n := transport.Connections(); n != 3 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func TestEndings(t *testing.T) {
	for _, test := range []struct {
		name   string
		handle func(net.Conn)
		until  string
		want   error
		heard  bool
	}{
		{"closed at once", func(conn net.Conn) { readRequest(conn) }, "", io.EOF, false},
		{"reset at once", func(conn net.Conn) { readRequest(conn); reset(conn) }, "", unix.ECONNRESET, false},
		{"closed within", func(conn net.Conn) { readRequest(conn); _, _ = io.WriteString(conn, abc[:len(abc)-1]) }, "", io.ErrUnexpectedEOF, true},
		{"the sink has enough", func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, abc[:len(abc)-1])
			readRequest(conn)
		}, "ab", nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			transport := newTransport(t, serve(t, test.handle))
			end := get(t, transport).RoundTrip(context.Background(), []byte(request), &taker{until: test.until})
			if !errors.Is(end.Err, test.want) || end.Heard != test.heard {
				t.Errorf("%+v", end)
			}
			if len(transport.idle) != 0 {
				t.Error("the connection is kept")
			}
		})
	}
}

func readRequest(conn net.Conn) { _, _ = http.ReadRequest(bufio.NewReader(conn)) }

func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// Nobody gets what comes after he has given up, and the connection is closed.
func TestGivingUp(t *testing.T) {
	gone := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	transport := newTransport(t, serve(t, func(conn net.Conn) {
		readRequest(conn)
		_, _ = io.WriteString(conn, abc[:len(abc)-1])
		cancel()
		_, err := conn.Read(make([]byte, 1))
		gone <- err
	}))
	var sink taker
	if end := get(t, transport).RoundTrip(ctx, []byte(request), &sink); !errors.Is(end.Err, context.Canceled) {
		t.Errorf("%+v", end)
	}
	if err := <-gone; !errors.Is(err, io.EOF) && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("the server reads %v", err)
	}
}

// A request may be larger than what a socket takes while its server does not read.
func TestLargeRequest(t *testing.T) {
	const size = 32 << 20
	begun := make(chan struct{})
	got := make(chan int64, 1)
	transport := newTransport(t, serve(t, func(conn net.Conn) {
		<-begun
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		n, _ := io.Copy(io.Discard, req.Body)
		got <- n
		_, _ = io.WriteString(conn, abc)
	}))
	conn := get(t, transport)
	head := "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\n"
	close(begun)
	if end := conn.RoundTrip(context.Background(), []byte(head+strings.Repeat("x", size)), &taker{}); end.Err != nil {
		t.Fatal(end)
	}
	if n := <-got; n != size {
		t.Errorf("the server got %d bytes", n)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	asked := make(chan struct{})
	transport := newTransport(t, serve(t, func(conn net.Conn) {
		readRequest(conn)
		close(asked)
		_, _ = conn.Read(make([]byte, 1))
	}))
	conn := get(t, transport)
	ended := make(chan Ending)
	go func() { ended <- conn.RoundTrip(context.Background(), []byte(request), &taker{}) }()
	<-asked
	transport.Close()
	if end := <-ended; !errors.Is(end.Err, net.ErrClosed) {
		t.Errorf("%+v", end)
	}
	if conn.alive() {
		t.Error("the connection is open")
	}
}

// The kernel says of some connections how long their bytes had waited. It begins to do so a little after it was asked.
func TestLagIsSampled(t *testing.T) {
	transport := newTransport(t, serve(t, each(abc)))
	for deadline := time.Now().Add(10 * time.Second); transport.Reads().Lag.Samples < 10; {
		if end := get(t, transport).RoundTrip(context.Background(), []byte(request), &taker{}); end.Err != nil {
			t.Fatal(end.Err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", transport.Reads())
		}
	}
	if lag := transport.Reads().Lag; lag.Max <= 0 || lag.Max > time.Minute || lag.P50 > lag.P99 || lag.P99 > lag.Max {
		t.Errorf("%+v", lag)
	}
}
