package park

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// Poller watches parked sockets by an epoll descriptor, which Go's own poller watches in
// turn, so that no thread waits for it (epoll(7): it may be nested). Its methods are
// safe for concurrent use; a nil Poller parks none.
type Poller struct {
	opening sync.Once
	opened  chan struct{} // closed when the next three are set

	// Fixed when opened is closed.
	file   *os.File        // of the epoll descriptor; nil if there is none
	raw    syscall.RawConn // of file
	failed error           // why it could not be opened; nil if that was not tried

	table table
}

// New returns a Poller. It opens the epoll descriptor with the first Park.
func New() *Poller { return &Poller{opened: make(chan struct{})} }

// open opens the epoll descriptor once, and reports whether there is one.
func (p *Poller) open() bool {
	p.opening.Do(func() {
		defer close(p.opened)
		fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
		if err != nil {
			p.failed = os.NewSyscallError("epoll_create1", err)
			return
		}
		if err := syscall.SetNonblock(fd, true); err != nil { // Go's poller requires it
			_ = syscall.Close(fd) // was not used
			p.failed = os.NewSyscallError("fcntl", err)
			return
		}
		p.file = os.NewFile(uintptr(fd), "epoll")
		p.raw, _ = p.file.SyscallConn() // fails only for a nil file
	})
	return p.file != nil
}

// Run notifies wakers until ctx is done or epoll fails, and then all that are left. It
// returns why epoll failed, nil if it did not. It is called once. Before it begins and
// after it has ended no socket must wait for it.
func (p *Poller) Run(ctx context.Context) error {
	var err error
	select {
	case <-ctx.Done():
	case <-p.opened:
		if err = p.failed; p.file != nil {
			err = p.poll(ctx)
		}
	}
	p.opening.Do(func() { close(p.opened) }) // it is not opened any more
	if p.file != nil {
		_ = p.file.Close() // may be closed already
	}
	for _, w := range p.table.close() {
		w.Readable()
	}
	return err
}

func (p *Poller) poll(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.file.Close() })
	defer stop()
	events := make([]syscall.EpollEvent, 256)
	for {
		var n int
		var failed error
		err := p.raw.Read(func(fd uintptr) bool {
			n, failed = tryWait(int(fd), events)
			return n > 0 || failed != nil
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil || failed != nil:
			return fmt.Errorf("wait for parked sockets: %w", errors.Join(err, failed))
		}
		for _, e := range events[:n] {
			if w := p.table.takeAt(int(e.Fd)); w != nil {
				w.Readable()
			}
		}
	}
}

// tryWait returns the pending events without waiting.
func tryWait(epoll int, events []syscall.EpollEvent) (n int, err error) {
	for {
		n, err = syscall.EpollWait(epoll, events, 0)
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// Park has w notified when the socket has something to read. If it returns false, the
// socket is not parked, and w will not be notified; err is why epoll refused it, nil if
// epoll was not asked: the socket is closed, or Run has ended. One goroutine parks a
// socket at a time.
func (p *Poller) Park(socket syscall.RawConn, w Waker) (parked bool, err error) {
	if p == nil || !p.open() {
		return false, nil
	}
	// While this runs the descriptor is not closed, so it is not another socket's. A
	// socket that was closed before cannot be parked: Control fails only for that.
	_ = socket.Control(func(fd uintptr) {
		before, ok := p.table.put(int(fd), w)
		if before != nil {
			before.Readable() // its descriptor was closed while it was parked
		}
		if ok {
			parked, err = p.arm(int(fd))
			parked = parked || !p.table.take(int(fd), w) // then w was notified
		}
	})
	return parked, err
}

// arm has the descriptor reported once. If it returns false and no error, Run has ended.
func (p *Poller) arm(fd int) (ok bool, err error) {
	closed := p.raw.Control(func(epoll uintptr) {
		event := syscall.EpollEvent{
			Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT,
			Fd:     int32(fd), //nolint:gosec // descriptors are small
		}
		err = syscall.EpollCtl(int(epoll), syscall.EPOLL_CTL_MOD, fd, &event)
		if errors.Is(err, syscall.ENOENT) {
			err = syscall.EpollCtl(int(epoll), syscall.EPOLL_CTL_ADD, fd, &event)
		}
	})
	return closed == nil && err == nil, os.NewSyscallError("epoll_ctl", err)
}

// Unpark reports whether w was parked, given the Descriptor of its socket, which may be
// closed. If so, w will not be notified any more.
func (p *Poller) Unpark(fd int, w Waker) bool { return p != nil && p.table.take(fd, w) }
