package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
)

// A panic while an event is framed ends its socket alone. The reader, which waits
// until its answer in the same write is out, does not wait for ever.
func TestPanicOfAWriter(t *testing.T) {
	t.Run("on a pipe", func(t *testing.T) {
		bubble(t, setup{}, func(t *testing.T, s *server) {
			first := s.tell("alice", trade(1))
			s.tell("alice", "") // no event is empty: see event.Decode
			other, c := s.open("bob"), s.dial()
			c.say(after("alice", first))
			c.wantEnd()
			s.wantClosed(map[int]int{1006: 1})
			synctest.Wait()
			s.wantPanic()
			other.talk([2]string{"ping", "pong"})
		})
	})
	t.Run("on TCP", func(t *testing.T) {
		s := onTCP(t, setup{}, 0)
		first := s.tell("alice", trade(1))
		s.tell("alice", "")
		other, c := s.dial("bob"), s.dial("")
		c.say(after("alice", first))
		c.wantEnd()
		s.wantEnded(1006)
		s.wantPanic()
		other.talk([2]string{"ping", "pong"})
	})
}

func (s *server) wantPanic() {
	s.tb.Helper()
	if got := s.log.String(); !strings.Contains(got, "a session's writer panicked") {
		s.tb.Errorf("logged %s; want the panic", got)
	}
}
