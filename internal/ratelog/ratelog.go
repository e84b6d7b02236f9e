// Package ratelog limits how often a log line is written.
package ratelog

import (
	"sync"
	"time"
)

// Limiter limits one kind of log line to a number of lines per interval. Its zero value
// is ready for use and allows one. It is safe for concurrent use.
type Limiter struct {
	// Lines is the number of lines allowed per interval; 0 means 1.
	Lines int

	mu         sync.Mutex
	end        time.Time // guarded by mu: of the current interval
	lines      int       // guarded by mu: lines allowed in the current interval
	suppressed int       // guarded by mu: lines since the last one allowed
}

// Allow reports whether the caller may write a line now. An interval begins with the
// first line after the previous interval. It returns how many lines it has suppressed
// since the last one that it allowed.
func (l *Limiter) Allow(interval time.Duration) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !now.Before(l.end) {
		l.end, l.lines = now.Add(interval), 0
	}
	if l.lines >= max(l.Lines, 1) {
		l.suppressed++
		return 0, false
	}
	l.lines++
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed, true
}
