package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"ranger/internal/hub"
)

// A panic while an event is framed ends only that socket. The reader, which waits until
// its answer in the same write is written, does not wait for ever.
func TestPanic_OfAWriterEndsOnlyItsSocket(t *testing.T) {
	t.Run("on a pipe", func(t *testing.T) {
		bubble(t, setup{}, func(t *testing.T, s *server) {
			first := s.send("alice", trade(1))
			s.send("alice", "") // no event is empty: see event.Decode
			other, c := s.open("bob"), s.dial()
			c.say(after("alice", first))
			c.wantEnd()
			s.wantClosed(map[int]int{1006: 1})
			synctest.Wait()
			s.wantPanic()
			other.talk([2]string{"ping", "pong"})
		})
	})
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		first := s.send("alice", trade(1))
		s.send("alice", "")
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
	if got := s.log.String(); !strings.Contains(got, "session writer panicked") {
		s.tb.Errorf("the log is %s; want the panic", got)
	}
}
