// Package ratelog limits how often a log line is written.
package ratelog

import (
	"sync"
	"time"
)

// Limiter limits one kind of log line to one per interval. Its zero value is ready
// for use. It is safe for concurrent use.
type Limiter struct {
	mu         sync.Mutex
	next       time.Time // guarded by mu: the next line is suppressed before it
	suppressed int       // guarded by mu: lines since the last one allowed
}

// Allow reports whether the caller may write a line now; if so, the next one is
// allowed after interval. It returns how many lines it has suppressed since the
// last one that it allowed.
func (l *Limiter) Allow(interval time.Duration) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.suppressed++
		return 0, false
	}
	suppressed, l.suppressed = l.suppressed, 0
	l.next = now.Add(interval)
	return suppressed, true
}
