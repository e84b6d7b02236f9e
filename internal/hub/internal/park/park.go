// Package park waits for idle sockets without a goroutine for each of them. On systems
// other than Linux it parks none.
package park

import "syscall"

// Waker is notified of a parked socket. Its dynamic type must be comparable.
type Waker interface {
	// Readable is called once for each Park that returned true, unless Unpark returned
	// true for it: when the socket has something to read, or Run ends. It must not
	// block.
	Readable()
}

// Descriptor returns the descriptor of an open socket, 0 if it is closed.
func Descriptor(socket syscall.RawConn) (fd int) {
	_ = socket.Control(func(f uintptr) { fd = int(f) }) // fails only for a closed socket
	return fd
}
