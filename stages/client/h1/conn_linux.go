package h1

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Conn is a connection, for one request at a time.
type Conn struct {
	transport *Transport
	loop      *loop
	fd        int
	stamped   bool // the kernel says when its bytes came
	kept      bool // it has waited for a request
	used      bool // it has had one

	ahead [goodbyeBytes]byte // the begin of what came before a request was written

	mu     sync.Mutex
	sink   Sink // of the request under way; nil: there is none, or nobody waits for it
	parser parser
	unsent []byte
	quiet  bool        // what comes is not counted any more: it was, or it is of a request that was given up
	dead   bool        // the descriptor is closed
	done   chan Ending // of the request under way
}

// Kept reports whether the connection was made before it was needed: its server may have closed it meanwhile.
func (c *Conn) Kept() bool { return c.kept }

// Used reports whether the connection has had a request before.
func (c *Conn) Used() bool { return c.used }

func (c *Conn) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.dead
}

// finishSending tells the server that no request follows.
func (c *Conn) finishSending() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dead {
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
}

// RoundTrip writes a request, head and all, and returns when its answer has ended, or with ctx's error. The connection is then kept for another request
// if it can be, and not the caller's any more.
func (c *Conn) RoundTrip(ctx context.Context, request []byte, sink Sink) Ending {
	if err := c.send(request, sink); err != nil {
		return Ending{T: c.transport.cfg.Now(), Err: err}
	}
	var end Ending
	select {
	case end = <-c.done:
	case <-ctx.Done():
		if heard, gaveUp := c.giveUp(); gaveUp {
			return Ending{T: c.transport.cfg.Now(), Heard: heard, Err: ctx.Err()}
		}
		end = <-c.done
	}
	c.kept, c.used = true, true
	if c.alive() {
		c.transport.put(c)
	}
	return end
}

// send writes the request, and leaves to the loop what the socket does not take at once. A write that fails
// is left to it, too: what broke it shows when the answer is read, which may be there nevertheless. What
// has come before the request is no answer to it: then nothing is written.
func (c *Conn) send(request []byte, sink Sink) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parser.reset()
	if !c.clean() {
		switch {
		case c.kept:
			return ErrUnsent
		case c.quiet:
			return ErrEarly // on the next connection it would be the same
		default:
			return io.EOF
		}
	}
	c.sink, c.unsent = sink, request
	c.write()
	return nil
}

// clean reports whether a request can be written: the connection is open as far as this machine knows, and
// nothing has come on it. The caller holds mu.
func (c *Conn) clean() bool {
	if c.dead {
		return false
	}
	n, closed := peek(c.fd, c.ahead[:])
	if n == 0 {
		return !closed || !c.kept // how a fresh one ended is for the loop to tell
	}
	c.unasked(c.ahead[:n])
	_ = unix.Shutdown(c.fd, unix.SHUT_RDWR) // the loop closes it
	return false
}

// unasked counts the connection as one on which bytes have come that no request had asked for. The caller
// holds mu.
func (c *Conn) unasked(b []byte) {
	if !c.quiet && !Goodbye(b) {
		c.transport.unasked.Add(1)
	}
	c.quiet = true
}

// write writes what is unsent. The caller holds mu.
func (c *Conn) write() {
	for len(c.unsent) > 0 {
		n, err := unix.Write(c.fd, c.unsent)
		if errors.Is(err, unix.EAGAIN) {
			c.loop.await(c, unix.EPOLLIN|unix.EPOLLOUT)
			return
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			c.unsent = nil
			break
		}
		c.unsent = c.unsent[max(n, 0):]
	}
}

// giveUp ends the request under way without its answer, unless that has come meanwhile.
func (c *Conn) giveUp() (heard, gaveUp bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sink == nil {
		return false, false
	}
	c.sink, c.quiet = nil, true
	_ = unix.Shutdown(c.fd, unix.SHUT_RDWR) // the loop closes it
	return c.parser.begun(), true
}

// receive hands on what was read at t. It reports whether the connection can be read on. The caller holds mu.
func (c *Conn) receive(t int64, b []byte) bool {
	if c.sink == nil {
		c.unasked(b)
		return false
	}
	for {
		part, data, rest, err := c.parser.next(b)
		switch {
		case err != nil:
			c.finish(t, err)
			return false
		case part == More:
			return true
		case part == Top && c.parser.head.Status == http.StatusOK && (len(c.unsent) > 0 || unacked(c.fd)):
			c.finish(t, ErrEarly)
			return false
		case part == Top:
			c.sink.Head(t, c.parser.head)
		case part == Body:
			if c.sink.Body(t, data) {
				c.finish(t, nil)
				return false
			}
		case part == End:
			c.finish(t, nil)
			if len(rest) > 0 {
				c.unasked(rest)
			}
			return len(rest) == 0 && len(c.unsent) == 0 && !c.parser.close
		}
		b = rest
	}
}

// hangUp takes in that the connection ended at t. The caller holds mu.
func (c *Conn) hangUp(t int64, err error) {
	if c.sink == nil {
		return
	}
	if err == nil {
		err = c.parser.hangUp()
	}
	c.finish(t, err)
}

// finish ends the request under way. The caller holds mu until the connection is closed, if it is to be.
func (c *Conn) finish(t int64, err error) {
	c.sink = nil
	c.done <- Ending{T: t, Heard: c.parser.begun(), Err: err}
}

// descriptor takes a connection out of the hands of Go's poller, which would be woken by each of its reads, too.
func descriptor(conn net.Conn) (int, error) {
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	fd := -1
	control := raw.Control(func(given uintptr) {
		fd, err = unix.FcntlInt(given, unix.F_DUPFD_CLOEXEC, 0)
	})
	return fd, errors.Join(control, os.NewSyscallError("fcntl", err))
}

// stamp has the kernel stamp what comes.
func (c *Conn) stamp() {
	c.stamped = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) == nil
}

func closeDescriptor(fd int) { _ = unix.Close(fd) }
