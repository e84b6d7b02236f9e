package amqp

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"ranger/internal/rawio"
)

// direct reads a connection of the system's past Go's scheduler, unless it has to wait.
// One goroutine uses it at a time.
type direct struct {
	conn   net.Conn
	raw    syscall.RawConn // of conn
	caller rawio.Caller
	try    func(fd uintptr) bool // made once, so that a read allocates nothing

	b   []byte
	n   int
	err error
}

// directly returns what reads from a connection, at best directly.
func directly(c net.Conn) io.Reader {
	raw := rawio.Of(c)
	if raw == nil {
		return c
	}
	d := &direct{conn: c, raw: raw}
	d.try = d.once
	return d
}

// Read is that of the connection.
func (d *direct) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	d.b = b
	err := d.raw.Read(d.try)
	d.b = nil
	switch {
	case err != nil:
		return 0, err
	case d.err != nil:
		return 0, &net.OpError{
			Op: "read", Net: d.conn.LocalAddr().Network(), Source: d.conn.LocalAddr(), Addr: d.conn.RemoteAddr(),
			Err: os.NewSyscallError("read", d.err),
		}
	case d.n == 0:
		return 0, io.EOF
	}
	return d.n, nil
}

// once reads, and tells whether it need not wait.
func (d *direct) once(fd uintptr) (done bool) {
	d.n, d.err = d.caller.Read(fd, d.b)
	return !errors.Is(d.err, syscall.EAGAIN)
}
