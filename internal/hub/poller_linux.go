package hub

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
)

// poller watches the sockets that rest: those without a goroutine, since nothing
// of a message has come. It is an epoll descriptor of ours, which Go's own poller
// watches, so that no thread waits for it (epoll(7): it may be nested).
type poller struct {
	opening sync.Once
	opened  chan struct{} // closed once the next two are there

	// Fixed when opened is closed.
	file *os.File        // of the epoll descriptor; nil where there is none
	raw  syscall.RawConn // of file

	mu      sync.Mutex
	closed  bool       // guarded by mu: nobody may rest any more
	resting []*session // guarded by mu: by the socket's descriptor
}

func newPoller() *poller { return &poller{opened: make(chan struct{})} }

// open makes the epoll descriptor when the first socket is to rest, and reports
// whether there is one.
func (p *poller) open() bool {
	p.opening.Do(func() {
		defer close(p.opened)
		fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
		if err != nil {
			return // each socket has a goroutine then
		}
		if err := syscall.SetNonblock(fd, true); err != nil { // else Go's poller does not take it
			_ = syscall.Close(fd) // was not used
			return
		}
		p.file = os.NewFile(uintptr(fd), "epoll")
		p.raw, _ = p.file.SyscallConn() // fails on a nil file alone
	})
	return p.file != nil
}

// run wakes sessions whose socket has something to read until ctx is done, and
// then all that rest.
func (p *poller) run(ctx context.Context, wake func(*session)) {
	select {
	case <-ctx.Done():
	case <-p.opened:
		if p.file != nil {
			p.poll(ctx, wake)
		}
	}
	p.opening.Do(func() { close(p.opened) }) // nobody opens it any more
	if p.file != nil {
		_ = p.file.Close() // may be closed already
	}
	for _, s := range p.close() {
		wake(s)
	}
}

func (p *poller) poll(ctx context.Context, wake func(*session)) {
	stop := context.AfterFunc(ctx, func() { _ = p.file.Close() })
	defer stop()
	events := make([]syscall.EpollEvent, 256)
	for {
		var n int
		var failed error
		err := p.raw.Read(func(fd uintptr) bool {
			n, failed = waitAtOnce(int(fd), events)
			return n > 0 || failed != nil
		})
		if err != nil || failed != nil { // closed, or of no use
			return
		}
		for _, e := range events[:n] {
			if s := p.takeAt(int(e.Fd)); s != nil {
				wake(s)
			}
		}
	}
}

// waitAtOnce takes the events that are there.
func waitAtOnce(epoll int, events []syscall.EpollEvent) (n int, err error) {
	for {
		n, err = syscall.EpollWait(epoll, events, 0)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// rest has the session's reader woken when the socket has something to read, and
// reports whether that is so. The reader calls it, and ends where it is.
func (p *poller) rest(s *session) (rests bool) {
	if p == nil || !p.open() {
		return false
	}
	op := syscall.EPOLL_CTL_MOD
	if !s.watched {
		op, s.watched = syscall.EPOLL_CTL_ADD, true
	}
	// While this runs the descriptor is not closed, thus nobody else's.
	// Thus also, once drop has closed it, nobody lies down at it any more.
	err := s.wire.raw.Control(func(fd uintptr) {
		before, ok := p.put(int(fd), s)
		if before != nil {
			before.wake()
		}
		if !ok {
			return
		}
		if p.arm(op, int(fd)) == nil || !p.take(s) {
			rests = true
		} else {
			s.watched = op == syscall.EPOLL_CTL_MOD // as it was
		}
	})
	return rests && err == nil
}

// arm has the descriptor reported once.
func (p *poller) arm(op, fd int) error {
	var failed error
	err := p.raw.Control(func(epoll uintptr) {
		failed = syscall.EpollCtl(int(epoll), op, fd, &syscall.EpollEvent{
			Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT,
			Fd:     int32(fd), //nolint:gosec // descriptors are small
		})
	})
	return errors.Join(err, failed)
}

// put has the session at its descriptor, unless the poller is closed. Who was
// there before has lost the descriptor while it rested, and is for the caller to
// wake: its drop has closed it, and would not find it any more.
func (p *poller) put(fd int, s *session) (before *session, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false
	}
	for fd >= len(p.resting) {
		p.resting = append(p.resting, nil)
	}
	before = p.resting[fd]
	p.resting[fd], s.restsAt = s, int32(fd) //nolint:gosec // descriptors are small
	return before, true
}

// take ends the session's rest, and reports whether it did rest: then the caller
// has its reader's work.
func (p *poller) take(s *session) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if int(s.restsAt) >= len(p.resting) || p.resting[s.restsAt] != s {
		return false
	}
	p.resting[s.restsAt] = nil
	return true
}

// takeAt is take for the session that rests at a descriptor, nil where none does.
func (p *poller) takeAt(fd int) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fd >= len(p.resting) {
		return nil
	}
	s := p.resting[fd]
	p.resting[fd] = nil
	return s
}

// close lets nobody rest any more, and returns those who did.
func (p *poller) close() (roused []*session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.resting {
		if s != nil {
			roused = append(roused, s)
		}
	}
	p.resting = nil
	return roused
}
