package client

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/strangeloopio/inferencex/stages/client/h1"
)

// errUnsent is how a request ends that net/http was about to write on a connection that is of no use for it.
var errUnsent = errors.New("the connection has bytes that no request asked for")

// exchange is a connection that net/http keeps for one request after the other. net/http sees of it the
// answers alone: bytes behind the end of one, or that come while no request is under way, end the
// connection and are counted. net/http would take them for the next answer if they came at the wrong
// moment, and else complain of them on stderr.
type exchange struct {
	net.Conn
	secure  bool          // by TLS
	socket  *h1.Socket    // below TLS
	warm    bool          // made ahead of time: its server may have closed it since
	unasked *atomic.Int64 // connections

	mu      sync.Mutex
	frames  h1.Frames
	asked   bool // a request is under way
	used    bool // it has had one before
	spoiled bool // bytes came that no request had asked for
	refused bool // the request under way is not written
}

func newExchange(conn net.Conn, unasked *atomic.Int64) *exchange {
	secured, secure := conn.(*tls.Conn)
	socket := conn
	if secure {
		socket = secured.NetConn()
	}
	return &exchange{Conn: conn, secure: secure, socket: h1.NewSocket(socket), unasked: unasked}
}

// begin announces a request. Where something has come that net/http has not read yet, the request will not
// be written. A fresh connection under TLS is not looked at: its server's tickets for the next session come
// ahead of any answer.
func (e *exchange) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := e.used || e.warm && !e.secure
	e.refused = e.spoiled || kept && e.socket.Waiting()
	e.asked, e.used = !e.refused, true
	e.frames.Begin()
}

// unsent reports whether the request that was announced last has not been written.
func (e *exchange) unsent() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.refused
}

// unacked reports whether the server has not got all of a request that net/http has written.
func (e *exchange) unacked() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.socket.Unacked()
}

// Write writes a part of a request.
func (e *exchange) Write(b []byte) (int, error) {
	if e.unsent() {
		return 0, errUnsent
	}
	return e.Conn.Write(b)
}

// Read reads a part of an answer. It ends with io.EOF where bytes come that belong to none.
func (e *exchange) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	e.mu.Lock()
	defer e.mu.Unlock()
	if n == 0 {
		return n, err
	}
	behind := n
	if e.asked {
		var ended bool
		ended, behind = e.frames.Take(b[:n])
		e.asked = !ended
	}
	if behind > 0 && !e.spoiled && !h1.Goodbye(b[n-behind:n]) {
		e.unasked.Add(1)
	}
	e.spoiled = e.spoiled || behind > 0
	if n -= behind; n == 0 {
		return 0, io.EOF
	}
	return n, err
}
