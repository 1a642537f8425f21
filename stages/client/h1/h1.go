// Package h1 carries HTTP/1.1 requests to one server over plain TCP. One goroutine, the loop, reads the answers of all
// connections.
//
// Its invariant: the clock is read right after each read and before its bytes are looked at, and an answer is handed
// over where it lies, piece by piece, to the sink of its request and to nobody after that.
//
// A token costs a client not its parsing but its wake-up. With a goroutine for each connection each chunk pays for a
// read that finds nothing, the parking, the poller and the scheduler. Here:
//
//  1. epoll_wait tells of every connection that has something to read.
//  2. The loop reads each of them once and stamps the bytes with the clock. On some connections it also takes the
//     kernel's receive stamp, which says how late the read was.
//  3. It parses the bytes as far as they go, and hands each piece of a body to the request's sink with the stamp.
//  4. An answer that is complete ends its request; the connection waits for the next one. Bytes that come behind the
//     end of an answer, or to a connection that waits, are no answer to anything: they close the connection, and are
//     counted. Before a request is written on a kept connection, one look at the socket finds what the loop has not
//     read yet.
//  5. What cannot be written at once is written by the loop when epoll says that there is room.
//  6. Only the loop closes a descriptor, so no event is ever of one that has been given away again.
//  7. When there is nothing more to ask, Settle says so to the server, and waits for it to close the connections. One that
//     has answered another request than the last still owes that one's answer, and it shows.
//  8. A panic on the way, of a sink too, ends every request with it. Err returns it, and no other loop is
//     started.
//
// Where the system has no epoll, New returns ErrUnsupported, and net/http does the work.
package h1

import (
	"errors"
	"time"
)

// The errors of this package.
var (
	// ErrUnsupported says that this system has no loop.
	ErrUnsupported = errors.New("h1: not on this system")
	// ErrUnsent is how a request ends of which no byte was written: its kept connection had been closed, or
	// had bytes waiting that nobody had asked for. It is to be sent on another connection.
	ErrUnsent = errors.New("h1: the connection is of no use for another request")
	// ErrEarly is how a request ends whose answer began before the server had the request: before all of it
	// was written, or before the server's side of the connection had acknowledged it. A refusal may do so:
	// the server need not read what it refuses (RFC 9110, 10.1.1). HTTP 200 may not: nobody answers a
	// prompt that he has not read.
	ErrEarly = errors.New("the answer began before the server had its request")
)

// Sink takes in one answer. Its methods are called in the order of the bytes, by one goroutine at a time; it must not block. t is when the bytes
// were read, on the transport's clock.
type Sink interface {
	// Head is called once, before Body.
	Head(t int64, head Head)
	// Body takes in the next bytes of the body, which are good until it returns and which it may write to. It returns true when it wants no more:
	// the connection is then closed and the answer taken for whole.
	Body(t int64, b []byte) (enough bool)
}

// Ending is how a request ended.
type Ending struct {
	T     int64 // when its last bytes were read, on the transport's clock
	Heard bool  // a byte of an answer had come
	// Err is nil if the answer was whole or the sink had enough, io.EOF if the server closed the connection
	// in place of an answer, io.ErrUnexpectedEOF if it did so within it, and ErrUnsent or ErrEarly as they
	// say.
	Err error
}

// Config says where the server is.
type Config struct {
	Address string       // host:port
	Now     func() int64 // the clock, in nanoseconds
}

// Reads is what a transport has read so far.
type Reads struct {
	Count int64 // reads that gave bytes
	Lag   Lag
}

// Lag is how long bytes that had come waited to be read, as the kernel's stamps of a sample of them say. Figures are at most a tenth too large.
type Lag struct {
	Samples       int64
	P50, P99, Max time.Duration
}
