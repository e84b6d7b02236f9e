package bench_test

import (
	"testing"

	"ranger/internal/tools/bench"
)

// TestMarket_InTurn: users that trade in turn trade again after all others have.
func TestMarket_InTurn(t *testing.T) {
	for _, users := range []int{2, 3, 10, 101} {
		for i, user := range bench.Turns(users, 3*users) {
			if user != i%users {
				t.Fatalf("%d users: side %d of the trades is user %d, want %d", users, i, user, i%users)
			}
		}
	}
}
