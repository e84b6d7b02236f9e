package bench_test

import (
	"testing"

	"ranger/internal/tools/bench"
)

// TestTurns: who trades in turn, trades again when all others have.
func TestTurns(t *testing.T) {
	for _, users := range []int{2, 3, 10, 101} {
		for i, user := range bench.Turns(users, 3*users) {
			if user != i%users {
				t.Fatalf("of %d users, side %d of the trades is user %d, want %d", users, i, user, i%users)
			}
		}
	}
}
