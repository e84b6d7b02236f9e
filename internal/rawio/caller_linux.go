package rawio

import (
	"syscall"
	"unsafe"
)

// unseen is how many calls are made past the scheduler in a row at most. A goroutine may go
// from call to call without ever waiting, and only one that the scheduler knows of is
// made to let others have its processor. It does so after 10 ms; so many calls take less.
const unseen = 512

// Caller makes the calls of one goroutine at a time, on descriptors that do not block
// (O_NONBLOCK): where one would have to wait, it fails with syscall.EAGAIN. Its errors are
// of syscall.Errno. The zero value is ready for use.
type Caller struct {
	row int // how many calls were made past the scheduler without one that would have to wait
}

// Read is read(2): at the end it returns 0 and no error.
func (c *Caller) Read(fd uintptr, b []byte) (n int, err error) {
	return c.call(syscall.SYS_READ, fd, b)
}

// Write is write(2): it may write a part.
func (c *Caller) Write(fd uintptr, b []byte) (n int, err error) {
	return c.call(syscall.SYS_WRITE, fd, b)
}

func (c *Caller) call(number, fd uintptr, b []byte) (int, error) {
	for {
		n, errno := c.once(number, fd, b)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN: // the goroutine is going to wait
			c.row = 0
			return 0, errno
		default:
			return 0, errno
		}
	}
}

func (c *Caller) once(number, fd uintptr, b []byte) (n uintptr, errno syscall.Errno) {
	if c.isDue() {
		n, _, errno = syscall.Syscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // the form that syscall asks for
		return n, errno
	}
	n, _, errno = syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // as above
	return n, errno
}

// isDue counts a call, and tells whether the scheduler is to know of it.
func (c *Caller) isDue() bool {
	if c.row == unseen {
		c.row = 0
		return true
	}
	c.row++
	return false
}
