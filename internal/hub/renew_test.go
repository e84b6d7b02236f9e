package hub_test

import (
	"testing"
	"time"
)

// A second valid token of the same user moves the expiry; events continue, each once.
func TestRenewal_OnlyMovesTheExpiry(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice/10s")
		s.publish("alice", "1")
		c.want("1")
		pass(9 * time.Second)
		c.talk([2]string{bearer("alice/20s"), authenticated})
		s.publish("alice", "2")
		c.want("2")
		c.wantSilence()
		s.wantSockets(1, 1)

		pass(18 * time.Second) // 28 s after the first token, 19 s after the second
		s.publish("alice", "3")
		c.want("3")
		pass(time.Second)
		c.wantClose(4001, "token expired")
	})
}

// A renewal may also bring the expiry forward.
func TestRenewal_MayShorten(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice/10m")
		c.talk([2]string{bearer("alice/5s"), authenticated})
		pass(6 * time.Second)
		c.wantClose(4001, "token expired")
	})
}

func TestRenewal_WhileEventsArePending(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		s.publish("alice", "1")
		pass(time.Second) // the writer is at it
		s.publish("alice", "2")
		c.say(bearer("alice"))
		pass(time.Second)
		s.publish("alice", "3")
		c.want("1", authenticated, "2", "3")
		c.wantSilence()
	})
}

// An invalid token neither ends nor shortens the session.
func TestRenewal_FailedOneChangesNothing(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice/10s")
		c.talk([2]string{bearer("bad"), refused})
		pass(8 * time.Second)
		s.publish("alice", "1")
		c.want("1")
		pass(3 * time.Second)
		c.wantClose(4001, "token expired")
	})
}

// I1: the identity of a socket never changes.
func TestRenewal_OtherIdentityClosesTheSocket(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for _, other := range []string{"bob", "Alice", "alicf"} {
			c := s.open("alice")
			c.say(bearer(other))
			pass(0)
			s.publish("alice", "1")
			s.publish("bob", "2")
			c.wantClose(4009, "identity changed")
		}
		s.wantClosed(map[int]int{4009: 3})
	})
}
