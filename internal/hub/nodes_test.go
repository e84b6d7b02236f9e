package hub_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// timeForm matches what differs between two nodes.
var timeForm = regexp.MustCompile(`"at":[0-9]+`)

// I3: two nodes never disagree. Sessions of one user on two hubs, with journals that get
// the same messages, are sent the same except for the times; also if one of the nodes
// began to read later.
func TestNodesAgree(t *testing.T) {
	cfg := calm
	cfg.journal.TTL = time.Minute
	bubble(t, cfg, func(t *testing.T, s *server) {
		other := newServer(t, cfg)
		both := func(f func(s *server)) {
			f(s)
			pass(7 * time.Millisecond) // nodes are not at the same place at once
			f(other)
		}
		script := func(n int, s *server) {
			switch n % 5 {
			case 0:
				s.send("alice", trade(n))
			case 1:
				s.skip()
			case 2:
				s.append(journal.Message{Events: []event.Event{
					{UID: "alice", Kind: event.Order, Message: []byte(`{"orderbook":{"market":"a"}}`)},
					{UID: "bob", Kind: event.Order, Message: []byte(`{"orderbook":{"market":"b"}}`)},
				}})
			case 3:
				s.gap()
			default:
				s.gapOf("alice")
			}
		}
		both((*server).firstMessage)
		for n := range 50 {
			both(func(s *server) { script(n, s) })
			pass(100 * time.Millisecond)
		}
		var places []journal.Position
		for _, p := range []uint64{0, 3, 17, 49} {
			places = append(places, s.at(p))
		}
		for _, keys := range []string{``, `,"events":"orderbook"`, `,"markets":"none"`, `,"markets":["b","btcusd"],"events":"trade"`} {
			for _, p := range places {
				message := asking("alice", `"resume":"`+p.String()+`"`+keys)
				a, b := s.ask(message), other.ask(message)
				left, right := a.readFor(time.Millisecond), b.readFor(time.Millisecond)
				both(func(s *server) { script(0, s) })
				left = append(left, a.readFor(time.Millisecond)...)
				right = append(right, b.readFor(time.Millisecond)...)
				if diff := cmp.Diff(timeless(left), timeless(right)); diff != "" || len(left) < 3 && keys == "" {
					t.Errorf("%d messages after %s (-one +other):\n%s", len(left), message, diff)
				}
			}
		}
	})
}

// firstMessage makes the stream begin at 1, so that no position is zero.
func (s *server) firstMessage() {
	s.offset = 0
	s.skip()
}

// at returns the position of an offset of the window.
func (s *server) at(offset uint64) journal.Position {
	s.tb.Helper()
	for _, check := range []string{"", trade(int(offset) - 1), `{"orderbook":{"market":"a"}}{"orderbook":{"market":"b"}}`, string(sampleGap.Message())} {
		if p := (journal.Position{Offset: offset, Check: event.Check([]byte(check))}); s.window.Holds(p) {
			return p
		}
	}
	s.tb.Fatalf("offset %d is not in the window", offset)
	return journal.Position{}
}

func timeless(texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, timeForm.ReplaceAllString(text, `"at":0`))
	}
	return out
}
