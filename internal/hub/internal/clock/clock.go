// Package clock has the two kinds of time that sessions keep, in eight bytes each.
package clock

import "time"

// Clock is the clock of a hub. It only goes forward, whatever becomes of the system's.
type Clock struct{ began time.Time }

// New returns a Clock.
func New() Clock { return Clock{began: time.Now().Add(-time.Second)} } // no time is 0

// Now returns the present time.
func (c Clock) Now() Monotonic { return c.At(time.Now()) }

// At returns the time of t, which time.Now has returned.
func (c Clock) At(t time.Time) Monotonic { return Monotonic(t.Sub(c.began)) }

// Monotonic is a time of a Clock: nanoseconds since about its beginning. It is a third of
// the size of a time.Time. Zero is before all times.
type Monotonic int64

// Never comes after all other times.
const Never = Monotonic(1<<63 - 1)

// Add returns the time d after m.
func (m Monotonic) Add(d time.Duration) Monotonic { return m + Monotonic(d) }

// Until returns the time from m to later, negative if later is before m.
func (m Monotonic) Until(later Monotonic) time.Duration { return time.Duration(later - m) }

// UnixNano is a time of the system's clock, which decides when tokens expire.
type UnixNano int64

// ToUnixNano returns the UnixNano of t, or the greatest one if t is beyond it.
func ToUnixNano(t time.Time) UnixNano {
	if t.Year() > lastYear {
		t = time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return UnixNano(t.UnixNano())
}

// lastYear is the last year that a UnixNano can express completely.
const lastYear = 2261

// After returns the time from now to u, negative if u has passed.
func (u UnixNano) After(now time.Time) time.Duration { return time.Duration(int64(u) - now.UnixNano()) }
