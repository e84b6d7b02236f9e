package redis

import (
	"errors"
	"sync"
	"time"
)

// health records whether Redis answers. It is safe for concurrent use.
type health struct {
	mu       sync.Mutex
	link     *link         // guarded by mu: the link that works; nil during an outage
	since    time.Time     // guarded by mu: when the outage, or the time without one, began
	err      error         // guarded by mu: cause of the outage; nil before the first attempt
	loaded   bool          // guarded by mu: the whole hash was read at least once
	restored chan struct{} // guarded by mu: closed at the end of an outage, then replaced
}

// errEnded is Status.Error once Run has ended.
var errEnded = errors.New("the member directory is no longer read")

// current returns the link that works. During an outage it is nil, since is when the
// outage began, and restored is closed when it ends.
func (h *health) current() (l *link, since time.Time, restored <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.link, h.since, h.restored
}

// up records that Redis answers over l. It reports false if l has failed. outage is the
// duration of the outage that ends, zero if there was none.
func (h *health) up(l *link) (outage time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.dead || h.link == l {
		return 0, !l.dead
	}
	if h.err != nil {
		outage = time.Since(h.since)
	}
	h.link, h.since, h.err = l, time.Now(), nil
	close(h.restored)
	h.restored = make(chan struct{})
	return outage, true
}

// down records that l has failed: Redis has not answered over it since that time. It
// reports whether an outage begins: not if there is one already, or if l has been
// replaced.
func (h *health) down(l *link, since time.Time, err error) (begins bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !l.dead {
		l.dead = true
		close(l.failed)
	}
	switch h.link {
	case nil:
		begins = h.err == nil
	case l:
		begins = true
		h.link, h.since = nil, since
	default:
		return false
	}
	h.err = err
	return begins
}

// drop removes l, which is about to be closed.
func (h *health) drop(l *link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.link == l {
		h.link, h.since, h.err = nil, time.Now(), errEnded
	}
}

// load records that the whole hash was read. It reports whether it was the first time.
func (h *health) load() (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first = !h.loaded
	h.loaded = true
	return first
}

// status returns the Status without Members and Settled.
func (h *health) status() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Status{Connected: h.link != nil, Since: h.since, Error: h.err, Loaded: h.loaded}
}
