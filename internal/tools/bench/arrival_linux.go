package bench

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
	"unsafe"
)

// arrival reads a connection and knows when the system had what was read, however
// late it is read. One goroutine uses it at a time.
type arrival struct {
	// Fixed at construction.
	conn net.Conn
	raw  syscall.RawConn       // nil: conn is read, and nothing is known
	try  func(fd uintptr) bool // made once, so that a read allocates nothing

	// at is when the latest segment of the last read came, on the system's clock;
	// zero where that is not known. What else was in that read came then or
	// before: a latency until at is never too short.
	at time.Time

	// Of one read.
	into  []byte
	n     int
	err   error
	stamp stamp
}

// stamp is the control message that comes with bytes (cmsg(3)), the only one that
// is asked for.
type stamp struct {
	head syscall.Cmsghdr
	time syscall.Timespec
}

// newArrival reads conn. If it is stamped, and a TCP connection in plain, the
// system notes when its segments come (SO_TIMESTAMPNS, socket(7)): on a loopback
// interface that is when the sender writes them. The first may come before the
// system has begun to.
func newArrival(conn net.Conn, stamped bool) *arrival {
	a := &arrival{conn: conn}
	tcp, ok := conn.(*net.TCPConn)
	if !stamped || !ok {
		return a
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return a // a read will say why
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err == nil && refused == nil {
		a.raw, a.try = raw, a.once
	}
	return a
}

// Read reads as the connection does, until its deadline or end.
func (a *arrival) Read(b []byte) (int, error) {
	if a.raw == nil {
		return a.conn.Read(b)
	}
	a.into, a.n, a.err = b, 0, nil
	err := a.raw.Read(a.try)
	a.into = nil
	switch {
	case err != nil:
		return 0, err
	case a.err != nil:
		return 0, a.err
	case a.n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return a.n, nil
}

// once reads what there is. False: there is nothing yet.
func (a *arrival) once(fd uintptr) bool {
	control := unsafe.Slice((*byte)(unsafe.Pointer(&a.stamp)), unsafe.Sizeof(a.stamp)) //nolint:gosec // no other way without allocating
	for {
		n, told, _, _, err := syscall.Recvmsg(int(fd), a.into, control, 0)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			a.err = err
			return true
		}
		a.n, a.at = n, time.Time{}
		h := &a.stamp.head
		if told == len(control) && h.Level == syscall.SOL_SOCKET && h.Type == syscall.SCM_TIMESTAMPNS {
			a.at = time.Unix(a.stamp.time.Unix())
		}
		return true
	}
}
