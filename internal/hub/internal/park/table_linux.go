package park

import "sync"

// table holds which waker is parked at which descriptor. Its zero value is ready for use;
// it is safe for concurrent use.
type table struct {
	mu     sync.Mutex
	closed bool    // guarded by mu: none is parked any more
	wakers []Waker // guarded by mu: by descriptor; nil if none is parked there
}

// put parks w at its descriptor, unless the table is closed. It returns the waker that
// was parked there before: its socket was closed, so the caller must notify it.
func (t *table) put(fd int, w Waker) (before Waker, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, false
	}
	for fd >= len(t.wakers) {
		t.wakers = append(t.wakers, nil)
	}
	before, t.wakers[fd] = t.wakers[fd], w
	return before, true
}

// take removes w and reports whether it was parked at the descriptor: if so, it is the
// caller's to notify.
func (t *table) take(fd int, w Waker) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if fd >= len(t.wakers) || t.wakers[fd] != w {
		return false
	}
	t.wakers[fd] = nil
	return true
}

// takeAt removes the waker at a descriptor and returns it, nil if there is none.
func (t *table) takeAt(fd int) Waker {
	t.mu.Lock()
	defer t.mu.Unlock()
	if fd >= len(t.wakers) {
		return nil
	}
	w := t.wakers[fd]
	t.wakers[fd] = nil
	return w
}

// close removes all wakers and returns them. None can be put any more.
func (t *table) close() (left []Waker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, w := range t.wakers {
		if w != nil {
			left = append(left, w)
		}
	}
	t.wakers = nil
	return left
}
