// Package rawio reads and writes sockets without telling Go's scheduler, as long as
// the system call need not wait. In a mostly idle process an ordinary system call
// wakes the runtime's sysmon thread, which then polls every 20 µs; this cost about
// 10 % of a delivery's CPU. Systems other than Linux, and connections that are no
// sockets of the system, such as TLS, use the connection's methods.
package rawio

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Of returns access to the descriptor of c, or nil if c must be read and written by
// its methods: on systems other than Linux, and if c is no socket of the system.
func Of(c net.Conn) syscall.RawConn {
	socket, ok := c.(syscall.Conn)
	if !supported || !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// reader reads a socket. If nothing has come, Go's poller waits, so deadlines hold.
type reader struct {
	conn   net.Conn
	raw    syscall.RawConn // of conn
	caller caller
	try    func(fd uintptr) bool // readOnce; a field, so that Read does not allocate

	// Arguments and results of readOnce.
	b   []byte
	n   int
	err error
}

// NewReader returns a reader of c, or c itself if it must be read by its
// methods. The reader is for one goroutine at a time.
func NewReader(c net.Conn) io.Reader {
	raw := Of(c)
	if raw == nil {
		return c
	}
	r := &reader{conn: c, raw: raw}
	r.try = r.readOnce
	return r
}

// Read returns what c's Read would return. It blocks until something has come.
func (r *reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	r.b = b
	err := r.raw.Read(r.try)
	r.b = nil
	switch {
	case err != nil:
		return 0, err
	case r.err != nil:
		return 0, &net.OpError{
			Op: "read", Net: r.conn.LocalAddr().Network(), Source: r.conn.LocalAddr(), Addr: r.conn.RemoteAddr(),
			Err: os.NewSyscallError("read", r.err),
		}
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}

// readOnce reports false if it would have to wait.
func (r *reader) readOnce(fd uintptr) (done bool) {
	r.n, r.err = r.caller.read(fd, r.b)
	return !errors.Is(r.err, syscall.EAGAIN)
}

// Writer writes to sockets without waiting. Its zero value is ready for use. It is
// for one goroutine at a time, but not bound to one socket.
type Writer struct {
	caller caller
	try    func(fd uintptr) // writeAll; a field, so that TryWrite does not allocate

	// Arguments and results of writeAll.
	b   []byte
	err error
}

// TryWrite writes as much of b as the system takes without waiting, and returns the
// rest. It ignores write deadlines. Nothing else may write to the socket meanwhile.
func (w *Writer) TryWrite(to syscall.RawConn, b []byte) (rest []byte, err error) {
	if w.try == nil {
		w.try = w.writeAll
	}
	w.b, w.err = b, nil
	// Not to.Write, which would take the lock of the socket's writers and look at
	// the deadline.
	if err = to.Control(w.try); err == nil {
		err = w.err
	}
	rest, w.b = w.b, nil
	return rest, err
}

// writeAll writes until nothing is left or the system takes no more.
func (w *Writer) writeAll(fd uintptr) {
	for len(w.b) > 0 {
		n, err := w.caller.write(fd, w.b)
		switch {
		case err == nil:
			w.b = w.b[n:]
		case errors.Is(err, syscall.EAGAIN):
			return
		default:
			w.err = err
			return
		}
	}
}
