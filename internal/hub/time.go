package hub

import "time"

// monotonic is a time of the clock that only goes forward, whatever becomes of the
// system's: nanoseconds since the hub was created. It is a third of the size of a
// time.Time, of which each session has several.
type monotonic int64

// noDeadline comes after all other times.
const noDeadline = monotonic(1<<63 - 1)

func (h *Hub) now() monotonic { return h.at(time.Now()) }

// at returns the monotonic time of t, which time.Now has returned.
func (h *Hub) at(t time.Time) monotonic { return monotonic(t.Sub(h.began)) }

func (m monotonic) add(d time.Duration) monotonic { return m + monotonic(d) }

// until returns the time from m to later, negative if later is before m.
func (m monotonic) until(later monotonic) time.Duration { return time.Duration(later - m) }

// unixNano is a time of the system's clock, which decides when tokens expire.
type unixNano int64

// toUnixNano returns the greatest unixNano if t is beyond it.
func toUnixNano(t time.Time) unixNano {
	if t.Year() > lastYear {
		t = time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return unixNano(t.UnixNano())
}

// lastYear is the last year that a unixNano can express completely.
const lastYear = 2261

// until returns the time from now to u, negative if u has passed.
func (u unixNano) until(now time.Time) time.Duration { return time.Duration(int64(u) - now.UnixNano()) }
