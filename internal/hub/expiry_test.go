package hub_test

import (
	"fmt"
	"testing"
	"time"

	"ranger/internal/hub"
)

// I5: no write of an event begins at or after the token's expiry.
func TestExpiry(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		start := time.Now()
		c := s.open("alice/20s")
		pass(20*time.Second - time.Nanosecond)
		s.publish("alice", "in time")
		c.want("in time")
		c.wantFrame(opClose, closing(4001, "token expired"))
		wantSince(t, start, 20*time.Second)
		s.publish("alice", "too late")
		c.send(masked(final|opClose, closing(4001, "")))
		c.wantEnd()
		s.wantClosed(map[int]int{4001: 1})
	})
}

// I5, if an event, the expiry and the sweep come at the same time.
func TestExpiry_TogetherWithAnEvent(t *testing.T) {
	for i := range 50 {
		bubble(t, setup{}, func(t *testing.T, s *server) {
			pass(time.Duration(i%4) * 333 * time.Millisecond) // before, at and after a sweep
			c := s.open("alice/20s")
			expiry := time.Now().Add(20 * time.Second)
			go func() {
				<-time.After(time.Until(expiry))
				s.publish("alice", "1", "2")
			}()
			c.wantClose(4001, "token expired")
			if time.Now().Before(expiry) {
				t.Errorf("closed %v before the expiry, want at it", time.Until(expiry))
			}
		})
	}
}

// I5: events that are pending for a slow client when its token expires are not written; the
// close frame is.
func TestExpiry_PendingEventsAreNotWritten(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice/5s")
		s.publish("alice", "on its way")
		pass(time.Second)
		s.publish("alice", "waiting", "waiting too")
		pass(6 * time.Second) // past the expiry, and within WriteTimeout
		c.want("on its way")
		c.wantClose(4001, "token expired")
		s.wantClosed(map[int]int{4001: 1})
		if delivered, _, _ := s.metrics.read(); delivered != 1 {
			s.tb.Errorf("%d events delivered, want 1", delivered)
		}
	})
}

// I5: if an event finds the token expired before the sweep does, the socket is closed at once,
// with the reason.
func TestExpiry_FoundByAnEventClosesAtOnce(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		pass(100 * time.Millisecond)
		c := s.open("alice/10200ms")
		pass(10300 * time.Millisecond) // the next sweep is 600 ms away
		s.publish("alice", "too late")
		start := time.Now()
		c.wantClose(4001, "token expired")
		if got := time.Since(start); got != 0 {
			t.Errorf("closed %v after the event, want at once", got)
		}
	})
}

// If a token expires before its answer is written, no event is.
func TestExpiry_BeforeTheAnswerIsWritten(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		c.say(bearer("alice/1ms"))
		pass(10 * time.Millisecond)
		s.publish("alice", "too late")
		c.want(authenticated)
		c.wantClose(4001, "token expired")
	})
}

// I5 in a drain: pending events are written before the close, unless the token has expired by
// then.
func TestDrain_WritesNoEventAfterExpiry(t *testing.T) {
	bubble(t, setup{hub: hub.Config{WriteTimeout: time.Minute}}, func(t *testing.T, s *server) {
		c := s.open("alice/5s")
		s.publish("alice", "on its way")
		pass(time.Second)
		s.publish("alice", "waiting")
		drained := s.drain(t, 0)
		pass(5 * time.Second)
		c.want("on its way")
		c.wantClose(1001, "going away")
		<-drained
	})
}

// A renewal before the expiry loses no event, whenever it comes.
func TestRenewal_LosesNoEvent(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.open("alice/1s")
		for i := range 100 {
			event := fmt.Sprint(i)
			s.publish("alice", event)
			c.want(event)
			pass(900 * time.Millisecond)
			c.say(bearer("alice/1s"))
			c.wantFrameAfterPings(opText, authenticated)
		}
	})
}
