package bench

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
	"unsafe"
)

// timedReader reads a connection and knows when the kernel received the bytes,
// however late they are read. One goroutine uses it at a time.
type timedReader struct {
	// Fixed at construction.
	conn net.Conn
	raw  syscall.RawConn       // nil: conn is read without timestamps
	try  func(fd uintptr) bool // allocated once, so that reads allocate nothing

	// at is the time, by the system's clock, at which the kernel received the latest
	// segment of the last read; zero if unknown. All bytes of that read arrived then
	// or earlier, so a latency up to at is never too short.
	at time.Time

	// State of one read.
	into  []byte
	n     int
	err   error
	stamp stamp
}

// stamp is the only control message requested with the bytes (cmsg(3)).
type stamp struct {
	head syscall.Cmsghdr
	time syscall.Timespec
}

// newTimedReader reads conn. If stamped is set and conn is a plain TCP connection,
// the kernel records when segments arrive (SO_TIMESTAMPNS, socket(7)); on a loopback
// interface that is when the sender writes them. The first segment may arrive before
// the option is set.
func newTimedReader(conn net.Conn, stamped bool) *timedReader {
	a := &timedReader{conn: conn}
	tcp, ok := conn.(*net.TCPConn)
	if !stamped || !ok {
		return a
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return a // reads report the error
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1)
	})
	if err == nil && refused == nil {
		a.raw, a.try = raw, a.tryRead
	}
	return a
}

// Read reads from the connection until its deadline or end.
func (a *timedReader) Read(b []byte) (int, error) {
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

// tryRead reads the bytes that are there. It returns false if there are none yet.
func (a *timedReader) tryRead(fd uintptr) bool {
	control := unsafe.Slice((*byte)(unsafe.Pointer(&a.stamp)), unsafe.Sizeof(a.stamp)) //nolint:gosec // no other way without allocating
	for {
		n, controlLen, _, _, err := syscall.Recvmsg(int(fd), a.into, control, 0)
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
		if controlLen == len(control) && h.Level == syscall.SOL_SOCKET && h.Type == syscall.SCM_TIMESTAMPNS {
			a.at = time.Unix(a.stamp.time.Unix())
		}
		return true
	}
}
