package testenv

import (
	"testing"
	"time"
)

// Eventually calls holds every few milliseconds until it returns true, and fails the test
// if it does not within Patience. what describes the state. Use it only for a state that
// nothing announces, and only from the goroutine of the test.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	timeout := time.After(Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			tb.Fatalf("timed out after %s waiting until %s", Patience, what)
		}
	}
}
