package amqp_test

import (
	"testing"

	"ranger/internal/amqp"
)

func TestState_HasAName(t *testing.T) {
	t.Parallel()
	for state, want := range map[amqp.State]string{
		amqp.Connecting: "connecting", amqp.Reading: "reading", amqp.Following: "following", 99: "unknown",
	} {
		if got := state.String(); got != want {
			t.Errorf("State(%d).String() = %s, want %s", state, got, want)
		}
	}
	if got := len(amqp.States()); got != 3 {
		t.Errorf("States() returns %d, want 3", got)
	}
}
