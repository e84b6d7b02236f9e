package hub_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"ranger/internal/testenv"
)

func TestClose_ByTheClientIsAnswered(t *testing.T) {
	for name, c := range map[string]struct{ payload, answer string }{
		"normally":              {closing(1000, ""), closing(1000, "")},
		"with a reason":         {closing(1000, "bye"), closing(1000, "")},
		"going away":            {closing(1001, ""), closing(1001, "")},
		"without a code":        {"", ""},
		"with a code of ranger": {closing(4003, ""), closing(4003, "")},
		"with another code":     {closing(4999, "x"), closing(4999, "")},
		"for a protocol error":  {closing(1002, ""), closing(1002, "")},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(_ *testing.T, s *server) {
				for _, client := range []*client{s.dial(), s.open("alice")} {
					client.send(masked(final|opClose, c.payload))
					client.wantFrame(opClose, c.answer)
					client.wantEnd()
				}
				s.wantClosed(map[int]int{1000: 2})
			})
		})
	}
}

func TestClose_LostConnectionCountsAs1006(t *testing.T) {
	for name, sent := range map[string][]byte{
		"without a frame":  nil,
		"in a header":      {final | opText},
		"in a payload":     masked(final|opText, "ping")[:8],
		"between messages": masked(final|opPong, ""),
		"between pieces":   masked(opText, "pi"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(_ *testing.T, s *server) {
				c := s.open("alice")
				c.send(sent)
				pass(0)
				_ = c.Close()
				s.wantClosed(map[int]int{1006: 1})
				s.wantSockets(0, 0)
				s.publish("alice", "1")
			})
		})
	}
}

func TestPanic_OfAReaderEndsOnlyItsSocket(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		other := s.open("alice")
		c := s.dial()
		c.say(bearer("panic"))
		c.wantFrame(opClose, closing(1011, "internal error"))
		c.say("what?") // was on its way: the close frame is not lost
		c.send(masked(final|opClose, closing(1011, "")))
		pass(2 * time.Second)
		c.wantEnd()
		s.publish("alice", "1")
		other.want("1")
		s.wantClosed(map[int]int{1011: 1})
		s.wantSockets(1, 1)
	})
}

func TestAuth_ClosesAfterFiveRefusedTokensInARow(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		bad := [2]string{bearer("bad"), refused}
		c.talk(bad, bad, bad, bad, [2]string{bearer("alice"), authenticated}) // counts from 0 again
		c.talk(bad, bad, bad, bad)
		c.talk( // no tokens, or not verified
			[2]string{`{}`, noBearer},
			[2]string{`x`, badMessage},
			[2]string{bearer("broken"), badMessage},
		)
		s.publish("alice", "1")
		c.want("1")
		c.talk(bad)
		c.wantClose(4003, "too many attempts")
		s.wantClosed(map[int]int{4003: 1})
	})
}

// After its close frame the server handles no message.
func TestClose_NothingIsHandledAfterIt(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		c.say(bearer("bob"))
		c.wantFrame(opClose, closing(4009, "identity changed"))
		c.say(bearer("alice"))
		c.say("ping")
		c.say("nonsense")
		c.send(masked(final|opPing, "x"))
		s.publish("alice", "1")
		s.publish("bob", "2")
		c.wantEnd()
		s.wantClosed(map[int]int{4009: 1})
	})
}

// Between the decision to close and the close frame nothing else is sent.
func TestClose_NothingIsSentOnceDecided(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		s.publish("alice", "on its way")
		pass(time.Second)
		c.say("\xff")
		c.say("ping") // is read, and not answered
		s.publish("alice", "too late")
		c.want("on its way")
		c.wantClose(1007, "invalid UTF-8")
	})
}

// I7: a socket that has ended leaves nothing in the hub or in the journal.
func TestClose_LeavesNoMemory(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		const visits = 500
		visit := func(round int) {
			for i := range visits {
				c := s.open(fmt.Sprintf("user-%d-%d", round, i))
				c.send(masked(final|opClose, ""))
				c.wantFrame(opClose, "")
				c.wantEnd()
			}
			pass(2 * testenv.Patience) // until the deadlines of the test have passed
		}
		visit(0)
		before := heap()
		visit(1)
		// The buffer of log lines has doubled at most.
		if left := (heap() - before) / visits; left > 1000 {
			t.Errorf("each socket left %d bytes, want at most 1000", left)
		}
	})
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC() // the second one frees what pools hold
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
