package testenv

import (
	"testing"
	"time"
)

// Eventually calls holds every few milliseconds until it returns true, and fails the
// test if it never does. what says what must come true. Use it only for a state that
// nothing announces, and from the goroutine of the test.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	timeout := time.After(Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			tb.Fatalf("within %s it did not come true that %s", Patience, what)
		}
	}
}
