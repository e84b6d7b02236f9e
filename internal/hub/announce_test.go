package hub_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

func expiresIn(seconds int) string { return fmt.Sprintf(`{"token":{"expires_in":%d}}`, seconds) }

func reconnect(ms int64) string { return fmt.Sprintf(`{"reconnect":{"after_ms":%d}}`, ms) }

// calm is a server that sends no pings or heartbeats during a test.
var calm = setup{hub: hub.Config{PingInterval: 24 * time.Hour, HeartbeatInterval: 24 * time.Hour}}

// A client that opted in is notified once for each expiry.
func TestTokenWarning_ComesAMinuteBeforeExpiry(t *testing.T) {
	bubble(t, calm, func(t *testing.T, s *server) {
		start := time.Now()
		c := s.follow("alice/5m", journal.Position{})
		c.want(expiresIn(60))
		wantSince(t, start, 4*time.Minute)
		c.wantSilence()
		c.talk([2]string{bearer("alice/5m"), authenticated})
		start = time.Now()
		c.want(expiresIn(60))
		wantSince(t, start, 4*time.Minute)
		pass(30 * time.Second)
		c.talk([2]string{bearer("bad"), refused}) // moves nothing
		c.wantFrame(opClose, closing(4001, "token expired"))
		wantSince(t, start, 5*time.Minute)
	})
}

// If less than a minute is left, the warning follows the answer.
func TestTokenWarning_FollowsTheAnswerIfLessIsLeft(t *testing.T) {
	bubble(t, calm, func(_ *testing.T, s *server) {
		p := s.send("alice", trade(1))
		for life, seconds := range map[string]int{
			"60s": 60, "59999ms": 60, "59001ms": 60, "59s": 59, "1500ms": 2, "1ms": 1, "1ns": 1,
		} {
			c := s.ask(asking("alice/"+life, `"resume":true`), following(p), expiresIn(seconds))
			_ = c.Close()
		}
		c := s.resume("alice/30s", p, expiresIn(30), beat(p, 0))
		c.talk([2]string{bearer("alice/40s"), authenticated})
		c.want(expiresIn(40))
		c.talk([2]string{bearer("alice/40s"), authenticated}) // the same expiry
		c.talk([2]string{bearer("alice/2m"), authenticated})
		c.talk([2]string{bearer("alice/10s"), authenticated})
		c.want(expiresIn(10))
		header := s.dialAt("/?resume="+p.String(), "Authorization: Bearer alice/20s")
		header.want(resumed, expiresIn(20), beat(p, 0))
		// If no time is left there is no warning.
		c = s.ask(asking("alice/0s", `"resume":true`), following(p))
		c.wantClose(4001, "token expired")
	})
}

// Each session has a time: a client that opted in is notified of it at once and closed with
// 1012 then, others with 1001. Events flow until then.
func TestDrain_AnnouncesItsTime(t *testing.T) {
	const sockets, period = 21, 4 * time.Second
	bubble(t, calm, func(t *testing.T, s *server) {
		p := s.skip()
		var opted, seed []*client
		for i := range sockets {
			if i%2 == 0 {
				opted = append(opted, s.follow("alice", p))
			} else {
				seed = append(seed, s.open("alice"))
			}
		}
		start := time.Now()
		drained := s.drain(t, period)
		pass(0)
		text := trade(1)
		q, at := s.send("alice", text), start.UnixMilli()
		var reading sync.WaitGroup
		for i, c := range opted {
			want := period * time.Duration(2*i) / (sockets - 1)
			reading.Go(func() {
				c.want(reconnect(want.Milliseconds()))
				if i == 0 { // the event may have come too late for it
					c.readAll()
					return
				}
				c.want(withAt(text, q, none, at))
				c.wantFrame(opClose, closing(1012, "restart"))
				if took := time.Since(start); took < want || took > want+50*time.Millisecond {
					t.Errorf("closed after %v, want %v", took, want)
				}
				c.send(masked(final|opClose, closing(1012, "")))
			})
		}
		for i, c := range seed {
			want := period * time.Duration(2*i+1) / (sockets - 1)
			reading.Go(func() {
				c.want(text)
				c.wantFrame(opClose, closing(1001, "going away"))
				if took := time.Since(start); took < want || took > want+50*time.Millisecond {
					t.Errorf("closed after %v, want %v", took, want)
				}
				c.send(masked(final|opClose, closing(1001, "")))
			})
		}
		reading.Wait()
		<-drained
		s.wantClosed(map[int]int{1001: len(seed), 1012: len(opted)})
	})
}

// A client that opts in during a drain is notified after the answer and before its replay.
func TestDrain_AnnouncedToClientsThatOptInMeanwhile(t *testing.T) {
	bubble(t, calm, func(t *testing.T, s *server) {
		first := s.skip()
		p, at := s.send("alice", trade(1)), time.Now().UnixMilli()
		anonymous, late, never := s.dial(), s.dial(), s.dial()
		start := time.Now()
		s.drain(t, 10*time.Second)
		anonymous.wantClose(1001, "going away")
		pass(time.Until(start.Add(2 * time.Second)))
		late.say(after("alice/20s", first))
		late.want(resumed, reconnect(3000), expiresIn(20), withAt(trade(1), p, none, at, replayed), beat(p, 1))
		late.talk([2]string{bearer("alice"), authenticated}) // announced once
		q := s.send("alice", trade(2))
		late.want(with(trade(2), q, 1))
		late.wantClose(1012, "restart")
		wantSince(t, start, 5*time.Second)
		never.wantClose(1001, "going away")
		s.wantClosed(map[int]int{1001: 2, 1012: 1})
	})
}

// Pending events are written before the close: also a whole replay, and the heartbeat after
// it.
func TestDrain_FinishesAReplay(t *testing.T) {
	bubble(t, calm, func(t *testing.T, s *server) {
		first := s.skip()
		for i := range 900 {
			s.send("alice", trade(i))
		}
		until, _ := s.window.Last()
		c := s.resume("alice", first)
		s.drain(t, 0)
		pass(time.Second)
		v := view{tb: t}
		for len(v.events) < 900 {
			f := c.read()
			if f.payload == reconnect(0) {
				continue
			}
			v.take(f.payload)
		}
		c.wantBeat(until, v.last())
		c.wantClose(1012, "restart")
	})
}

// Another drain notifies only the clients that it closes earlier.
func TestDrain_EarlierOneIsAnnouncedAgain(t *testing.T) {
	bubble(t, calm, func(t *testing.T, s *server) {
		p := s.skip()
		a, b, c := s.follow("alice", p), s.follow("alice", p), s.follow("alice", p)
		first := s.drain(t, time.Hour)
		a.want(reconnect(0))
		a.wantClose(1012, "restart")
		b.want(reconnect(1_800_000))
		c.want(reconnect(3_600_000))
		pass(0)
		second := s.drain(t, 2*time.Hour) // c is the first of those that are left
		c.want(reconnect(0))
		c.wantClose(1012, "restart")
		b.wantSilence()
		third := s.drain(t, 0)
		b.want(reconnect(0))
		b.wantClose(1012, "restart")
		<-third
		<-second
		<-first
	})
}

// Notifying thousands of clients that do not read takes no time.
func TestDrain_AnnouncementTakesNoTime(t *testing.T) {
	const sockets = 2000
	cfg := calm
	cfg.hub.WriteTimeout = time.Hour
	bubble(t, cfg, func(t *testing.T, s *server) {
		p := s.skip()
		var last *client
		for range sockets {
			last = s.follow("alice", p)
		}
		start := time.Now()
		s.drain(t, time.Minute)
		last.want(reconnect(60_000))
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v of a clock that passes only while all wait, want 0", took)
		}
		pass(time.Second)
	})
}
