package hub_test

import (
	"testing"

	"ranger/internal/hub"
)

// If gorilla does not read from the reader that it was given, the socket keeps its
// goroutine and works as others do.
func TestHandover_SocketOfAnotherReaderIsNotParked(t *testing.T) {
	s := onTCP(t, setup{readBuffer: 4096}, 0)
	c := s.dial("alice")
	for range 3 {
		c.send(masked(final|opPing, "x"))
		c.wantFrame(opPong, "x")
		c.talk([2]string{"ping", "pong"})
		s.publish("alice", "event")
		c.want("event")
		s.wantParked(0)
	}
	if got := s.metrics.unparkables(); got != 1 {
		t.Errorf("%d sockets were counted as unparkable, want 1", got)
	}
	c.wantCloseOf(1000)
	s.wantEnded(1000)
}

func TestHandover_OtherSocketsAreNotCounted(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		s.dial("alice")
		s.wantParked(1)
		if got := s.metrics.unparkables(); got != 0 {
			t.Errorf("%d sockets were counted as unparkable, want 0", got)
		}
	})
}
