package hub

import "time"

// instant is a time by the clock that only goes forward, whatever becomes of the
// system's: nanoseconds since the hub began. It is a third of a time.Time, of
// which each session has several.
type instant int64

// never comes after all others.
const never = instant(1<<63 - 1)

func (h *Hub) now() instant { return h.at(time.Now()) }

// at returns the instant of t, which time.Now has returned.
func (h *Hub) at(t time.Time) instant { return instant(t.Sub(h.began)) }

func (i instant) add(d time.Duration) instant { return i + instant(d) }

// until returns how long it is from i to later, negative where it is before.
func (i instant) until(later instant) time.Duration { return time.Duration(later - i) }

// wallTime is a time by the system's clock, by which tokens end: Unix
// nanoseconds.
type wallTime int64

// wall returns the last that there is for a t that lies beyond it.
func wall(t time.Time) wallTime {
	if t.Year() > lastYear {
		t = time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return wallTime(t.UnixNano())
}

// lastYear is the last that nanoseconds can count to as a whole.
const lastYear = 2261

// until returns how long it is from now on, negative where it is over.
func (w wallTime) until(now time.Time) time.Duration { return time.Duration(int64(w) - now.UnixNano()) }
