package amqp_test

import (
	"testing"

	"ranger/internal/amqp"
)

// That an exchange had to be made is told once, of each.
func TestTakeMade(t *testing.T) {
	t.Parallel()
	var made amqp.Topology
	if made.TakeMade("orders") {
		t.Error("made, before any was")
	}
	made.NoteMade("orders")
	made.NoteMade("trades")
	for _, name := range []string{"orders", "trades"} {
		if !made.TakeMade(name) {
			t.Errorf("%s was made, and it is not told", name)
		}
		if made.TakeMade(name) {
			t.Errorf("%s was made once, and it is told twice", name)
		}
	}
	made.NoteMade("orders")
	if made.TakeMade("trades") || !made.TakeMade("orders") {
		t.Error("orders was made again, trades was not")
	}
}
