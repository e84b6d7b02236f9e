package hub

import (
	"errors"
	"syscall"

	"ranger/internal/rawio"
)

// attempt writes without waiting. One goroutine uses it at a time.
type attempt struct {
	caller rawio.Caller
	b      []byte
	err    error
	try    func(fd uintptr) // made once, so that a write allocates nothing
}

func newAttempt() *attempt {
	a := new(attempt)
	a.try = a.once
	return a
}

// write writes what the system takes of b at once and returns what is left. Nobody
// else writes meanwhile, and deadlines do not count: so Control will do, which looks
// after neither.
func (a *attempt) write(raw syscall.RawConn, b []byte) (rest []byte, err error) {
	a.b, a.err = b, nil
	if err = raw.Control(a.try); err == nil {
		err = a.err
	}
	rest, a.b = a.b, nil
	return rest, err
}

// once writes until all is written, or the system takes no more.
func (a *attempt) once(fd uintptr) {
	for len(a.b) > 0 {
		n, err := a.caller.Write(fd, a.b)
		switch {
		case err == nil:
			a.b = a.b[n:]
		case errors.Is(err, syscall.EAGAIN):
			return
		default:
			a.err = err
			return
		}
	}
}
