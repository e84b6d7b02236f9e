package hub_test

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// Heartbeats report the newest position and the user's last event.
func TestHeartbeat_ComesEveryInterval(t *testing.T) {
	cfg := quiet
	cfg.hub.HeartbeatInterval = 7 * time.Second
	bubble(t, cfg, func(t *testing.T, s *server) {
		p := s.skip()
		pass(2 * time.Second)
		c := s.follow("alice", p)
		last := none
		for i := range 10 {
			start := time.Now()
			if i%3 == 1 {
				p = s.skip()
			}
			if i%3 == 2 {
				prev := last
				last = int(s.offset)
				p = s.send("alice", trade(i))
				c.want(with(trade(i), p, prev))
			}
			c.wantBeat(p, last)
			if got := time.Since(start); got != 7*time.Second {
				t.Errorf("heartbeat %d came after %v, want 7s", i, got)
			}
		}
	})
}

// The last event of a heartbeat is in the window, whether the socket was sent it or it was
// there before.
func TestHeartbeat_LastIsWithinTheWindow(t *testing.T) {
	cfg := quiet
	cfg.journal.TTL = 20 * time.Second
	bubble(t, cfg, func(_ *testing.T, s *server) {
		s.send("alice", trade(1))
		pass(time.Second)
		p := s.send("bob", trade(2))
		a, b := s.follow("alice", p), s.follow("bob", p)
		q := s.send("bob", trade(3))
		b.want(with(trade(3), q, 1))
		for range 2 { // 16 s and 31 s after the start
			last, lastOfAlice := 2, 0
			if time.Now().Second() > 10 {
				last, lastOfAlice = none, none
			}
			a.wantBeat(q, lastOfAlice)
			b.wantBeat(q, last)
		}
	})
}

// Heartbeats that a slow client has not read do not pile up. The one that it gets when it
// reads again is up to date.
func TestHeartbeat_DoesNotPileUp(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	bubble(t, cfg, func(_ *testing.T, s *server) {
		p := s.send("alice", trade(1))
		c := s.follow("alice", p)
		q := s.send("alice", trade(2))
		at := time.Now().UnixMilli()
		pass(5 * time.Minute)
		r := s.send("alice", trade(3))
		later := time.Now().UnixMilli()
		pass(10 * time.Second)
		c.want(withAt(trade(2), q, 0, at), withAt(trade(3), r, 1, later))
		c.wantBeat(r, 2)
		c.wantSilence()
	})
}

func TestHeartbeat_FollowsTheEventsThatItCovers(t *testing.T) {
	cfg := quiet
	cfg.hub.HeartbeatInterval = time.Second
	bubble(t, cfg, func(t *testing.T, s *server) {
		p := s.skip()
		c := s.follow("alice", p)
		const events = 5000
		var publishing sync.WaitGroup
		defer publishing.Wait()
		publishing.Go(func() {
			for i := range events {
				s.send("alice", trade(i))
				<-time.After(time.Duration(i%5) * time.Millisecond)
			}
		})
		v := view{tb: t}
		for v.last() != events {
			v.take(c.read().payload)
		}
		if v.beats < 5 {
			t.Errorf("%d heartbeats, want about 10", v.beats)
		}
	})
}

// The same, while another goroutine appends.
func TestHeartbeat_FollowsThemWhileOthersAreAppended(t *testing.T) {
	const events = 20_000
	j := journal.New(journal.Config{Size: events})
	h := hub.New(hub.Config{}, j, verifyFunc(readToken), &counters{}, nil)
	var said bytes.Buffer
	write := h.NewWriter("alice", record{w: &said}, true, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for offset := uint64(1); offset <= events; offset++ {
			j.Append(journal.Message{
				Position: journal.Position{Offset: offset}, At: time.Now().UnixMilli(),
				Events: []event.Event{{UID: "alice", Kind: event.Trade, Message: []byte(trade(1))}},
			})
		}
	}()
	v := view{tb: t}
	for v.last() != events {
		if err := write(true); err != nil {
			t.Fatal(err)
		}
		for said.Len() > 0 {
			f, err := readFrame(&said)
			if err != nil {
				t.Fatal(err)
			}
			v.take(f.payload)
		}
	}
	<-done
	if v.beats == 0 || len(v.events) != events {
		t.Errorf("%d heartbeats and %d events, want some and %d", v.beats, len(v.events), events)
	}
}

// record is a connection that keeps what is written.
type record struct {
	sink

	w io.Writer
}

func (r record) Write(p []byte) (int, error) { return r.w.Write(p) }

// No heartbeat comes within a replay, however slowly the client reads.
func TestHeartbeat_NoneWithinAReplay(t *testing.T) {
	cfg := quiet
	cfg.hub.HeartbeatInterval = time.Second
	bubble(t, cfg, func(t *testing.T, s *server) {
		first := s.skip()
		const events = 1000
		for i := range events {
			s.send("alice", trade(i))
		}
		until, _ := s.window.Last()
		c := s.resume("alice", first)
		v := view{tb: t}
		for v.last() != events {
			pass(10 * time.Millisecond)
			v.take(c.read().payload)
		}
		if v.beats != 0 || v.replays != events {
			t.Errorf("%d heartbeats within %d replayed events, want 0", v.beats, v.replays)
		}
		c.wantBeat(until, events)
		// One may have become due while the last of the replay was written.
		if took := c.readFor(2500 * time.Millisecond); len(took) != 2 && len(took) != 3 {
			t.Errorf("after the replay came %q, want two heartbeats", took)
		}
	})
}

// I5: after the expiry only the close frame comes, also if a heartbeat or a gap finds out
// before the sweep does.
func TestExpiry_OnlyTheCloseFrameFollows(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.hub.HeartbeatInterval = 5 * time.Second
	for _, gap := range []bool{false, true} {
		for _, late := range []time.Duration{10300 * time.Millisecond, 15 * time.Second} {
			bubble(t, cfg, func(_ *testing.T, s *server) {
				p := s.send("alice", trade(1))
				c := s.ask(asking("alice/10200ms", `"resume":true`), following(p), `{"token":{"expires_in":11}}`)
				q := s.send("alice", trade(2))
				at := time.Now().UnixMilli()
				pass(late) // nothing is read, and a heartbeat is due since 5 s
				if gap {
					s.gap()
				}
				c.want(withAt(trade(2), q, 0, at))
				c.wantFrame(opClose, closing(4001, "token expired"))
			})
		}
	}
}

// Clients that do not opt in get no heartbeats, also with filters.
func TestHeartbeat_NoneWithoutOptIn(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		s.send("alice", trade(1))
		a, b := s.open("alice"), s.ask(asking("alice", `"markets":"x"`), authenticated)
		pass(time.Minute)
		a.wantSilence()
		b.wantSilence()
	})
}

// After a truncation no position is reported until there is a message again, and no number
// from before.
func TestTruncate_ReportsNoPositionOfBefore(t *testing.T) {
	bubble(t, setup{hub: hub.Config{PingInterval: time.Hour, HeartbeatInterval: 10 * time.Second}}, func(_ *testing.T, s *server) {
		s.offset = 100
		s.send("alice", trade(1))
		p := s.skip()
		c, seed := s.follow("alice", p), s.open("alice")
		q := s.send("alice", trade(2))
		c.want(with(trade(2), q, 100))
		seed.want(trade(2))

		s.window.Truncate(0)
		pass(15 * time.Second)
		s.offset = 0
		g := s.gap()
		c.want(gapMessage(g))
		r := s.send("alice", trade(3))
		c.want(with(trade(3), r, none))
		seed.want(trade(3))
		c.wantBeat(r, 1)
		s.ask(after("alice", q), notResumed(r))

		// The stream was restored from an older copy: what precedes the offset stays.
		s.offset = 50
		kept := s.send("alice", trade(4))
		c.want(with(trade(4), kept, 1))
		s.offset = 60
		lost := s.send("alice", trade(5))
		c.want(with(trade(5), lost, 50))
		seed.want(trade(4), trade(5))
		s.window.Truncate(55)
		s.offset = 70 // behind what was last sent, and yet not after it
		again := s.send("alice", trade(6))
		c.want(with(trade(6), again, 50))
		seed.want(trade(6))
		c.wantBeat(again, 70)
	})
}

// If unread events of a replay are truncated, the session ends: the client resumes from what
// it has.
func TestTruncate_WithinAReplayEndsTheSession(t *testing.T) {
	bubble(t, quiet, func(t *testing.T, s *server) {
		first := s.skip()
		for i := range 500 { // several writes
			s.send("alice", fmt.Sprintf(`{"trade":{"id":%d,"x":"%0300d"}}`, i, 0))
		}
		c := s.resume("alice", first)
		pass(time.Second) // the client reads nothing yet
		s.window.Truncate(1)
		v := view{tb: t}
		for {
			f := c.read()
			if f.opcode == opClose {
				if want := closing(4100, "too slow"); f.payload != want {
					t.Errorf("closed with %q, want %q", f.payload, want)
				}
				break
			}
			v.take(f.payload)
		}
		if v.beats > 0 || v.replays == 0 || v.replays > 200 {
			t.Errorf("%d heartbeats and %d replayed events before the truncation, want none and some", v.beats, v.replays)
		}
		s.offset = 100 // among the numbers that were to be replayed
		s.gap()
		s.ask(after("alice", v.position), notResumed(s.send("alice", trade(1))))
	})
}
