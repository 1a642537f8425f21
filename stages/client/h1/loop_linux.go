package h1

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

const (
	readBytes = 64 << 10
	atOnce    = 256 // connections that one call tells of
)

// loop reads every connection that has something to read.
type loop struct {
	poll    int // epoll's descriptor
	wake    int // an eventfd that ends the loop
	now     func() int64
	lags    *histogram
	broken  func(error) // hears of a panic before any request does
	reading crew.Crew   // of the one goroutine
	reads   atomic.Int64
	latest  int64 // when bytes were last read

	mu      sync.Mutex
	conns   map[int32]*Conn // by descriptor
	closing bool
	over    error // why nothing is read any more; nil while the loop reads

	oob []byte
}

func startLoop(now func() int64, lags *histogram, broken func(error)) (*loop, error) {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		closeDescriptor(poll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	l := &loop{
		poll: poll, wake: wake, now: now, lags: lags, broken: broken,
		conns: map[int32]*Conn{}, oob: make([]byte, unix.CmsgSpace(int(unsafe.Sizeof(unix.Timespec{})))),
	}
	if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(wake)}); err != nil {
		closeDescriptor(poll)
		closeDescriptor(wake)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	l.reading.Go(l.run)
	return l, nil
}

// add has the loop read a connection from now on.
func (l *loop) add(c *Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over != nil {
		return l.over
	}
	l.conns[int32(c.fd)] = c
	if err := unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.fd)}); err != nil {
		delete(l.conns, int32(c.fd))
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// await sets what of a connection the loop waits for.
func (l *loop) await(c *Conn, events uint32) {
	_ = unix.EpollCtl(l.poll, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: events, Fd: int32(c.fd)})
}

// close ends the loop and waits for it. What became of it is known to broken.
func (l *loop) close() {
	l.mu.Lock()
	l.closing = true
	if l.over == nil { // else the descriptor is closed, and may be another's
		_, _ = unix.Write(l.wake, binary.NativeEndian.AppendUint64(nil, 1))
	}
	l.mu.Unlock()
	_ = l.reading.Wait()
}

// run reads until the loop is closed. A panic on the way ends every request with it, whoever's it was:
// nobody reads any more.
func (l *loop) run() error {
	err := crew.Catch(l.read)
	if err != nil {
		l.broken(err)
	}
	l.end(cmp.Or(err, net.ErrClosed))
	return err
}

// read serves events until the loop is closed.
func (l *loop) read() error {
	events := make([]unix.EpollEvent, atOnce)
	conns := make([]*Conn, atOnce)
	buf := make([]byte, readBytes)
	for {
		n, err := unix.EpollWait(l.poll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			panic(os.NewSyscallError("epoll_wait", err)) // its arguments are wrong
		}
		if !l.find(events[:max(n, 0)], conns) {
			return nil
		}
		for i := range max(n, 0) {
			if c := conns[i]; c != nil {
				l.serve(c, events[i].Events, buf)
			}
		}
	}
}

// end closes every connection, and ends the requests on them for this reason.
func (l *loop) end(why error) {
	t := l.latest
	_ = crew.Catch(func() error { // it may be the clock that has panicked
		t = l.now()
		return nil
	})
	l.mu.Lock()
	l.over = why
	conns := slices.Collect(maps.Values(l.conns))
	l.mu.Unlock()
	for _, c := range conns {
		c.mu.Lock()
		c.hangUp(t, why)
		l.drop(c)
		c.mu.Unlock()
	}
	closeDescriptor(l.wake)
	closeDescriptor(l.poll)
}

// find looks up the connections of the events, and reports whether the loop is to go on.
func (l *loop) find(events []unix.EpollEvent, conns []*Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, event := range events {
		conns[i] = l.conns[event.Fd]
	}
	return !l.closing
}

// serve does what an event asks for. It reads before it writes, so that an answer that came before the rest
// of its request was written is known as one; and with the connection in its hands, so that what it reads
// came before a request that is written next.
func (l *loop) serve(c *Conn, events uint32, buf []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if events&^unix.EPOLLOUT != 0 {
		l.take(c, buf)
	}
	if events&unix.EPOLLOUT != 0 && !c.dead {
		l.await(c, unix.EPOLLIN)
		c.write()
	}
}

// take reads once and hands on what came. The caller holds the connection's mu.
func (l *loop) take(c *Conn, buf []byte) {
	n, err := l.receive(c, buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	t := l.now()
	l.latest = t
	if n > 0 {
		if !c.receive(t, buf[:n]) {
			l.drop(c)
		}
		return
	}
	c.hangUp(t, os.NewSyscallError("read", err))
	l.drop(c)
}

// receive reads once. Of some connections it learns when the bytes came.
func (l *loop) receive(c *Conn, buf []byte) (int, error) {
	l.reads.Add(1)
	if !c.stamped {
		return unix.Read(c.fd, buf)
	}
	n, oob, _, _, err := unix.Recvmsg(c.fd, buf, l.oob, 0)
	if n > 0 && oob > 0 {
		if came, ok := stampOf(l.oob[:oob]); ok {
			l.lags.add(max(0, time.Since(came)))
		}
	}
	return n, err
}

// stampOf returns the kernel's stamp in a control message.
func stampOf(oob []byte) (time.Time, bool) {
	header, data, _, err := unix.ParseOneSocketControlMessage(oob)
	if err != nil || header.Level != unix.SOL_SOCKET || header.Type != unix.SCM_TIMESTAMPNS || len(data) < int(unsafe.Sizeof(unix.Timespec{})) {
		return time.Time{}, false
	}
	stamp := (*unix.Timespec)(unsafe.Pointer(unsafe.SliceData(data)))
	return time.Unix(stamp.Unix()), true
}

// drop closes a connection. The caller holds its mu. Only the loop closes, so that no event is of a descriptor that has been given away again.
func (l *loop) drop(c *Conn) {
	c.dead = true
	c.sink = nil
	l.mu.Lock()
	delete(l.conns, int32(c.fd))
	l.mu.Unlock()
	closeDescriptor(c.fd)
}
