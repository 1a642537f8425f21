package h1

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// peek looks at what has come on a socket and has not been read. It returns how many bytes of it are in b, and whether
// the connection has ended where there are none. It allocates nothing, as unix.Recvfrom would, and it does not block.
func peek(fd int, b []byte) (n int, closed bool) {
	got, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		return int(got), got == 0
	case unix.EAGAIN, unix.EINTR:
		return 0, false
	default:
		return 0, true
	}
}

// Ahead returns a function that reports whether anything waits to be read on a TCP connection: bytes or its end. It
// disturbs no goroutine that reads there.
func Ahead(conn net.Conn) (waiting func() bool) {
	held, ok := conn.(syscall.Conn)
	if !ok {
		return nobody
	}
	raw, err := held.SyscallConn()
	if err != nil {
		return nobody
	}
	found := false
	look := func(fd uintptr) {
		var b [1]byte
		n, closed := peek(int(fd), b[:])
		found = n > 0 || closed
	}
	return func() bool { return raw.Control(look) == nil && found }
}

func nobody() bool { return false }
