package rawio

import (
	"syscall"
	"unsafe"
)

// supported reports whether the system's calls can be made here.
const supported = true

// maxUnseen is how many calls in a row the scheduler does not see. It must see some
// of them: a goroutine that goes from call to call without waiting is made to share
// its processor only if the scheduler knows of it. Go does so after 10 ms; this many
// calls take less.
const maxUnseen = 512

// caller makes system calls on non-blocking descriptors (O_NONBLOCK). If a call
// would have to wait, it fails with syscall.EAGAIN. Errors are of type
// syscall.Errno. The zero value is ready for use, by one goroutine at a time.
type caller struct {
	unseen int // calls in a row that the scheduler did not see and that need not wait
}

// read is read(2). At the end of the stream it returns 0 and no error.
func (c *caller) read(fd uintptr, b []byte) (n int, err error) {
	return c.call(syscall.SYS_READ, fd, b)
}

// write is write(2). It may write a part of b.
func (c *caller) write(fd uintptr, b []byte) (n int, err error) {
	return c.call(syscall.SYS_WRITE, fd, b)
}

func (c *caller) call(number, fd uintptr, b []byte) (int, error) {
	for {
		n, errno := c.once(number, fd, b)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN: // the goroutine is going to wait
			c.unseen = 0
			return 0, errno
		default:
			return 0, errno
		}
	}
}

func (c *caller) once(number, fd uintptr, b []byte) (n uintptr, errno syscall.Errno) {
	if c.mustBeSeen() {
		n, _, errno = syscall.Syscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // the form that syscall asks for
		return n, errno
	}
	n, _, errno = syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // as above
	return n, errno
}

// mustBeSeen counts a call and reports whether the scheduler must see it.
func (c *caller) mustBeSeen() bool {
	if c.unseen == maxUnseen {
		c.unseen = 0
		return true
	}
	c.unseen++
	return false
}
