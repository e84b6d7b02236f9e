package clock_test

import (
	"testing"
	"time"
	"unsafe"

	"ranger/internal/hub/internal/clock"
)

// stepped returns t as if the system's clock had been set by so many seconds. The monotonic
// clock does not notice that.
func stepped(t time.Time, seconds int64) time.Time {
	// time.Time begins with a word: a bit for the presence of both clocks, 33 bits of
	// seconds, 30 of nanoseconds.
	wall := (*uint64)(unsafe.Pointer(&t)) // nothing else sets only one clock
	*wall += uint64(seconds) << 30
	return t
}

// Setting the system's clock moves the expiry of tokens, and nothing else.
func TestClock_SettingTheSystemsClock(t *testing.T) {
	c := clock.New()
	now := time.Now()
	expires := now.Add(time.Hour)
	for _, seconds := range []int64{0, 1, -1, 86400, -86400} {
		then := stepped(now, seconds)
		if got := then.Round(0).Sub(now.Round(0)); got != time.Duration(seconds)*time.Second {
			t.Fatalf("the clock was set by %v, want %d s", got, seconds)
		}
		if a, b := c.At(now), c.At(then); a != b || a <= 0 {
			t.Errorf("set by %d s: At is %v, want %v", seconds, b, a)
		}
		if got, want := clock.ToUnixNano(expires).After(then), time.Hour-time.Duration(seconds)*time.Second; got != want {
			t.Errorf("set by %d s: the token has %v left, want %v", seconds, got, want)
		}
	}
}

// A token may expire in a year that nanoseconds do not reach.
func TestUnixNano_FarExpiry(t *testing.T) {
	now := time.Now()
	for _, year := range []int{now.Year() + 1, 2261, 2262, 2263, 9999, 292_000_000} {
		expires := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC)
		least := 200 * 365 * 24 * time.Hour
		if year < 2261 {
			least = expires.Sub(now)
		}
		left := clock.ToUnixNano(expires).After(now)
		if left < least {
			t.Errorf("a token that expires in %d has %v left, want at least %v", year, left, least)
		}
		const running = 10 * 365 * 24 * time.Hour
		if running+left < left {
			t.Errorf("the expiry in %d, %v from now, overflows after years of running", year, left)
		}
	}
}
