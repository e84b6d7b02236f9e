package redis

import (
	"errors"
	"sync"
	"time"
)

// health is whether Redis answers. It is safe for concurrent use.
type health struct {
	mu     sync.Mutex
	link   *link         // guarded by mu: over which Redis answers, nil while it does not
	since  time.Time     // guarded by mu: when it began to answer, or ceased to
	err    error         // guarded by mu: why it does not; nil before the first try
	loaded bool          // guarded by mu: the hash was read whole once
	back   chan struct{} // guarded by mu: closed when Redis answers, then replaced
}

// errEnded is the Error of a Directory that is no longer run.
var errEnded = errors.New("the member directory is not read any longer")

// current returns over what to ask. It is nil while Redis does not answer: then
// since tells since when, and back is closed as soon as it does.
func (h *health) current() (l *link, since time.Time, back <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.link, h.since, h.back
}

// up notes that Redis answers over l, unless l has failed: then it reports
// false. It returns for how long Redis had not answered, zero where that is not
// news.
func (h *health) up(l *link) (away time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.dead || h.link == l {
		return 0, !l.dead
	}
	if h.err != nil {
		away = time.Since(h.since)
	}
	h.link, h.since, h.err = l, time.Now(), nil
	close(h.back)
	h.back = make(chan struct{})
	return away, true
}

// down notes that Redis has not answered over l since then, and why: l has
// failed. It reports whether that is news: not so during an outage, nor of a
// link that has been replaced.
func (h *health) down(l *link, since time.Time, err error) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !l.dead {
		l.dead = true
		close(l.failed)
	}
	switch h.link {
	case nil:
		news = h.err == nil
	case l:
		news = true
		h.link, h.since = nil, since
	default:
		return false
	}
	h.err = err
	return news
}

// drop forgets l, which is about to be closed.
func (h *health) drop(l *link) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.link == l {
		h.link, h.since, h.err = nil, time.Now(), errEnded
	}
}

// load notes that the hash was read whole. It reports whether for the first time.
func (h *health) load() (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first = !h.loaded
	h.loaded = true
	return first
}

// status returns all but the number of members.
func (h *health) status() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Status{Connected: h.link != nil, Since: h.since, Error: h.err, Loaded: h.loaded}
}
