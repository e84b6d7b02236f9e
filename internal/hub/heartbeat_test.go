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

// A heartbeat comes every interval after the authentication, and says how far
// the stream was read and what was the user's last event.
func TestHeartbeats(t *testing.T) {
	cfg := quiet
	cfg.hub.HeartbeatInterval = 7 * time.Second
	bubble(t, cfg, func(t *testing.T, s *server) {
		p := s.nobody()
		pass(2 * time.Second)
		c := s.follow("alice", p)
		last := none
		for i := range 10 {
			start := time.Now()
			if i%3 == 1 {
				p = s.nobody()
			}
			if i%3 == 2 {
				prev := last
				last = int(s.offset)
				p = s.tell("alice", trade(i))
				c.want(with(trade(i), p, prev))
			}
			c.wantBeat(p, last)
			if got := time.Since(start); got != 7*time.Second {
				t.Errorf("heartbeat %d came after %v, want 7s", i, got)
			}
		}
	})
}

// A heartbeat's last event is as old as the window at most, whether the socket
// was sent it or it was there before.
func TestHeartbeatForgetsTheLast(t *testing.T) {
	cfg := quiet
	cfg.journal.TTL = 20 * time.Second
	bubble(t, cfg, func(_ *testing.T, s *server) {
		s.tell("alice", trade(1))
		pass(time.Second)
		p := s.tell("bob", trade(2))
		a, b := s.follow("alice", p), s.follow("bob", p)
		q := s.tell("bob", trade(3))
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

// Heartbeats that a slow client has not taken do not pile up, and what it is
// told when it reads again is true then.
func TestHeartbeatOfASlowClient(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	bubble(t, cfg, func(_ *testing.T, s *server) {
		p := s.tell("alice", trade(1))
		c := s.follow("alice", p)
		q := s.tell("alice", trade(2))
		at := time.Now().UnixMilli()
		pass(5 * time.Minute)
		r := s.tell("alice", trade(3))
		later := time.Now().UnixMilli()
		pass(10 * time.Second)
		c.want(withAt(trade(2), q, 0, at), withAt(trade(3), r, 1, later))
		c.wantBeat(r, 2)
		c.wantSilence()
	})
}

// A heartbeat is behind all that it covers, also where events never stop.
func TestHeartbeatsAmongEvents(t *testing.T) {
	cfg := quiet
	cfg.hub.HeartbeatInterval = time.Second
	bubble(t, cfg, func(t *testing.T, s *server) {
		p := s.nobody()
		c := s.follow("alice", p)
		const events = 5000
		var publishing sync.WaitGroup
		defer publishing.Wait()
		publishing.Go(func() {
			for i := range events {
				s.tell("alice", trade(i))
				<-time.After(time.Duration(i%5) * time.Millisecond)
			}
		})
		v := view{tb: t}
		for v.last() != events {
			v.take(c.read().payload)
		}
		if v.beats < 5 {
			t.Errorf("%d heartbeats, want about ten", v.beats)
		}
	})
}

// The same, where the writer runs beside the one who appends, and at any step of
// it.
func TestHeartbeatIsBehindItsEvents(t *testing.T) {
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
		t.Errorf("%d heartbeats, %d events", v.beats, len(v.events))
	}
}

// record is a connection that takes everything, and keeps it.
type record struct {
	sink

	w io.Writer
}

func (r record) Write(p []byte) (int, error) { return r.w.Write(p) }

// No heartbeat falls into a replay, however long the client takes for it.
func TestNoHeartbeatInAReplay(t *testing.T) {
	cfg := quiet
	cfg.hub.HeartbeatInterval = time.Second
	bubble(t, cfg, func(t *testing.T, s *server) {
		first := s.nobody()
		const events = 1000
		for i := range events {
			s.tell("alice", trade(i))
		}
		until, _ := s.window.Last()
		c := s.resume("alice", first)
		v := view{tb: t}
		for v.last() != events {
			pass(10 * time.Millisecond)
			v.take(c.read().payload)
		}
		if v.beats != 0 || v.replays != events {
			t.Errorf("%d heartbeats among %d replayed events", v.beats, v.replays)
		}
		c.wantBeat(until, events)
		// One may have become due while the last of the replay was written.
		if took := c.readFor(2500 * time.Millisecond); len(took) != 2 && len(took) != 3 {
			t.Errorf("then came %q, want two heartbeats", took)
		}
	})
}

// I5: nothing but the close comes of a token that has expired, also where a
// heartbeat or a gap finds that out before the sweep does.
func TestNoHeartbeatAfterExpiry(t *testing.T) {
	cfg := quiet
	cfg.hub.WriteTimeout = time.Hour
	cfg.hub.HeartbeatInterval = 5 * time.Second
	for _, gap := range []bool{false, true} {
		for _, late := range []time.Duration{10300 * time.Millisecond, 15 * time.Second} {
			bubble(t, cfg, func(_ *testing.T, s *server) {
				p := s.tell("alice", trade(1))
				c := s.ask(asking("alice/10200ms", `"resume":true`), following(p), `{"token":{"expires_in":11}}`)
				q := s.tell("alice", trade(2))
				at := time.Now().UnixMilli()
				pass(late) // nobody reads, and a heartbeat is due since 5 s
				if gap {
					s.gap()
				}
				c.want(withAt(trade(2), q, 0, at))
				c.wantFrame(opClose, closing(4001, "token expired"))
			})
		}
	}
}

// Clients that ask for no resume get none, with filters either.
func TestNoHeartbeatWithoutResume(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		s.tell("alice", trade(1))
		a, b := s.open("alice"), s.ask(asking("alice", `"markets":"x"`), authenticated)
		pass(time.Minute)
		a.wantSilence()
		b.wantSilence()
	})
}

// A cut leaves no position to tell, until there is a message again; and numbers
// from before it are never told.
func TestCut(t *testing.T) {
	bubble(t, setup{hub: hub.Config{PingInterval: time.Hour, HeartbeatInterval: 10 * time.Second}}, func(_ *testing.T, s *server) {
		s.offset = 100
		s.tell("alice", trade(1))
		p := s.nobody()
		c, seed := s.follow("alice", p), s.open("alice")
		q := s.tell("alice", trade(2))
		c.want(with(trade(2), q, 100))
		seed.want(trade(2))

		s.window.Truncate(0)
		pass(15 * time.Second)
		s.offset = 0
		g := s.gap()
		c.want(told(g))
		r := s.tell("alice", trade(3))
		c.want(with(trade(3), r, none))
		seed.want(trade(3))
		c.wantBeat(r, 1)
		s.ask(after("alice", q), notResumed(r))

		// A stream that was restored from an older copy: what lies before holds.
		s.offset = 50
		kept := s.tell("alice", trade(4))
		c.want(with(trade(4), kept, 1))
		s.offset = 60
		lost := s.tell("alice", trade(5))
		c.want(with(trade(5), lost, 50))
		seed.want(trade(4), trade(5))
		s.window.Truncate(55)
		s.offset = 70 // behind what was last sent, and yet not after it
		again := s.tell("alice", trade(6))
		c.want(with(trade(6), again, 50))
		seed.want(trade(6))
		c.wantBeat(again, 70)
	})
}

// A cut that takes away what was still to be replayed ends the session: what the
// client has stored tells, when it comes back, whether it can go on from there.
func TestCutInAReplay(t *testing.T) {
	bubble(t, quiet, func(t *testing.T, s *server) {
		first := s.nobody()
		for i := range 500 { // several writes
			s.tell("alice", fmt.Sprintf(`{"trade":{"id":%d,"x":"%0300d"}}`, i, 0))
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
			t.Errorf("%d heartbeats, %d replays, then the cut", v.beats, v.replays)
		}
		s.offset = 100 // among the numbers that were to be replayed
		s.gap()
		s.ask(after("alice", v.position), notResumed(s.tell("alice", trade(1))))
	})
}
