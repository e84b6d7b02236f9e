package hub_test

import (
	"testing"
	"time"
	"unsafe"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

// stepped is t as it would be, had the system's clock been set by d seconds: the
// clock that only goes forward does not know of it.
func stepped(t time.Time, seconds int64) time.Time {
	// time.Time begins with a word: a bit that says that there are both clocks,
	// 33 bits of seconds, 30 of nanoseconds.
	wall := (*uint64)(unsafe.Pointer(&t)) // nothing else sets one clock alone
	*wall += uint64(seconds) << 30
	return t
}

// Who sets the system's clock moves what tokens end by, and nothing else.
func TestClockIsSet(t *testing.T) {
	h := hub.New(hub.Config{}, journal.New(journal.Config{}), nil, &counters{}, nil)
	now := time.Now()
	expires := now.Add(time.Hour)
	for _, seconds := range []int64{0, 1, -1, 86400, -86400} {
		then := stepped(now, seconds)
		if got := then.Round(0).Sub(now.Round(0)); got != time.Duration(seconds)*time.Second {
			t.Fatalf("the clock was set by %v, want %d s", got, seconds)
		}
		if a, b := h.At(now), h.At(then); a != b || a <= 0 {
			t.Errorf("set by %d s: the instant is %v, was %v", seconds, b, a)
		}
		if got, want := hub.TokenLeft(expires, then), time.Hour-time.Duration(seconds)*time.Second; got != want {
			t.Errorf("set by %d s: the token has %v left, want %v", seconds, got, want)
		}
	}
}

// A token may end in a year that nanoseconds do not reach.
func TestFarExpiry(t *testing.T) {
	now := time.Now()
	for _, year := range []int{now.Year() + 1, 2261, 2262, 2263, 9999, 292_000_000} {
		expires := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC)
		least := 200 * 365 * 24 * time.Hour
		if year < 2261 {
			least = expires.Sub(now)
		}
		left := hub.TokenLeft(expires, now)
		if left < least {
			t.Errorf("a token that ends in %d has %v left", year, left)
		}
		const running = 10 * 365 * 24 * time.Hour
		if running+left < left {
			t.Errorf("a token that ends in %d is looked at in the past, after years of running", year)
		}
	}
}
