package rawio

import (
	"net"
	"syscall"
)

// Of returns what a Caller gets the descriptor of c from; nil where that is no connection
// of the system's, as one of TLS: its calls wait for more than the system.
func Of(c net.Conn) syscall.RawConn {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
