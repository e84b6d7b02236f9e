package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// A socket that falls behind its user's log is closed after what was on its way.
func TestSlow_SocketIsClosedWith4100(t *testing.T) {
	bubble(t, setup{journal: journal.Config{Size: 4}}, func(_ *testing.T, s *server) {
		slow, quick := s.open("alice"), s.open("alice")
		s.publish("alice", "0")
		quick.want("0")
		pass(time.Second)
		for i := 1; i <= 5; i++ {
			s.publish("alice", fmt.Sprint(i))
			quick.want(fmt.Sprint(i))
		}
		slow.want("0")
		slow.wantClose(4100, "too slow")
		s.publish("alice", "6")
		quick.want("6")
		s.wantClosed(map[int]int{4100: 1})
	})
}

// A socket may have a full log of unread events.
func TestSlow_FullLogIsNotTooSlow(t *testing.T) {
	bubble(t, setup{journal: journal.Config{Size: 4}}, func(_ *testing.T, s *server) {
		c := s.open("alice")
		s.publish("alice", "0")
		pass(time.Second)
		s.publish("alice", "1", "2", "3", "4")
		c.want("0", "1", "2", "3", "4")
		c.wantSilence()
	})
}

func TestSlow_BacklogIsDelivered(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.open("alice")
		s.publish("alice", "first")
		pass(time.Second)
		var texts []string
		for i := range 900 {
			texts = append(texts, fmt.Sprint(i, strings.Repeat("x", i%300)))
		}
		s.publish("alice", texts...)
		c.want("first")
		c.want(texts...)
		pass(0)
		if delivered, _, _ := s.metrics.read(); delivered != 901 {
			t.Errorf("%d events delivered, want 901", delivered)
		}
	})
}

// I4: sockets that read nothing delay neither Append nor other sockets, of the same user or
// another.
func TestStalledSockets_DelayNoOther(t *testing.T) {
	bubble(t, setup{hub: hub.Config{WriteTimeout: time.Minute}}, func(t *testing.T, s *server) {
		for i := range 20 {
			s.open([]string{"alice", "bob"}[i%2])
		}
		alice, carol := s.open("alice"), s.open("carol")
		for i := range 500 {
			pass(2 * time.Millisecond) // fewer than 750 events/s, so none waits for others
			start, text := time.Now(), fmt.Sprint(i)
			for _, uid := range []event.UID{"alice", "bob", "carol"} {
				s.publish(uid, text)
			}
			alice.want(text)
			carol.want(text)
			alice.talk([2]string{"ping", "pong"})
			if got := time.Since(start); got != 0 {
				t.Fatalf("event %d took %v of a clock that passes only while all wait, want 0", i, got)
			}
		}
		if queued := s.hub.Queued(); queued != 0 {
			t.Errorf("%d bytes of events are queued for sockets, want 0", queued)
		}
	})
}
