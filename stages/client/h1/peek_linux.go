package h1

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// peek looks at what has come on a socket and has not been read. It returns how many bytes of it are in b,
// and whether the connection has ended where there are none. It allocates nothing, as unix.Recvfrom would,
// and it does not block.
func peek(fd int, b []byte) (n int, closed bool) {
	got, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		return int(got), got == 0
	case unix.EAGAIN, unix.EINTR:
		return 0, false
	default:
		return 0, true
	}
}

// unacked reports whether the other side has not acknowledged everything that was written to a socket. What
// it sends once it has a request acknowledges that request, so an answer that was read before is none to
// it.
func unacked(fd int) bool {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	return err == nil && n > 0
}

// Socket is a look at a TCP connection that disturbs no goroutine that reads or writes there. One call at a
// time.
type Socket struct {
	raw           syscall.RawConn
	waits, queued func(fd uintptr)
	found         bool
}

// NewSocket returns a look at conn; where that is no socket, it sees nothing.
func NewSocket(conn net.Conn) *Socket {
	s := new(Socket)
	s.waits = func(fd uintptr) {
		var b [1]byte
		n, closed := peek(int(fd), b[:])
		s.found = n > 0 || closed
	}
	s.queued = func(fd uintptr) { s.found = unacked(int(fd)) }
	if held, ok := conn.(syscall.Conn); ok {
		s.raw, _ = held.SyscallConn()
	}
	return s
}

// Waiting reports whether anything waits to be read: bytes or the end.
func (s *Socket) Waiting() bool { return s.look(s.waits) }

// Unacked reports whether something that was written has not come to the other side, as far as is known here.
func (s *Socket) Unacked() bool { return s.look(s.queued) }

func (s *Socket) look(at func(fd uintptr)) bool {
	return s.raw != nil && s.raw.Control(at) == nil && s.found
}
