package hub_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

// drain begins a drain. The channel is closed at its end.
func (s *server) drain(t *testing.T, period time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.hub.Drain(t.Context(), period)
	}()
	return done
}

// Events flow to the sockets that are left.
func TestDrain_ClosesEvenlyOverThePeriod(t *testing.T) {
	const sockets, period = 40, 8 * time.Second
	bubble(t, setup{}, func(t *testing.T, s *server) {
		var reading sync.WaitGroup
		start := time.Now()
		var ended [sockets]time.Duration
		var events [sockets]int
		for i := range sockets {
			c := s.open("alice")
			reading.Go(func() {
				events[i] = len(c.readAll())
				ended[i] = time.Since(start)
			})
		}
		drained := s.drain(t, period)
		go func() {
			<-drained
			if got := time.Since(start); got < period || got > period+100*time.Millisecond {
				t.Errorf("drained after %v, want %v", got, period)
			}
		}()
		for i := range 80 { // one event each 100 ms
			pass(50 * time.Millisecond)
			s.publish("alice", fmt.Sprint(i))
			pass(50 * time.Millisecond)
		}
		reading.Wait()
		<-drained
		for i := range sockets {
			want := period * time.Duration(i) / (sockets - 1)
			if ended[i] < want || ended[i] > want+50*time.Millisecond {
				t.Errorf("socket %d was closed after %v, want %v", i, ended[i], want)
			}
			if want := int((ended[i] + 50*time.Millisecond) / (100 * time.Millisecond)); events[i] < want-1 || events[i] > want {
				t.Errorf("socket %d got %d events in %v, want one every 100 ms", i, events[i], ended[i])
			}
		}
		s.wantClosed(map[int]int{1001: sockets})
	})
}

func TestDrain_SendsItsReason(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		anonymous, alice := s.dial(), s.open("alice")
		drained := s.drain(t, 0)
		anonymous.wantClose(1001, "going away")
		alice.wantClose(1001, "going away")
		<-drained
		s.wantUnavailable()
		s.wantSockets(0, 0)
	})
}

// A socket may authenticate before its turn, and gets its events.
func TestDrain_SessionsWorkUntilTheirTurn(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		first, c := s.dial(), s.dial()
		s.drain(t, 10*time.Second)
		first.wantClose(1001, "going away")
		c.talk([2]string{bearer("alice"), authenticated})
		s.publish("alice", "1")
		c.want("1")
		s.wantUnavailable()
		c.wantClose(1001, "going away")
	})
}

// Pending events are written before the close, also to a client that takes longer for all of
// them than one write may.
func TestDrain_WritesPendingEvents(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.open("alice")
		s.publish("alice", "on its way")
		pass(time.Second)
		var texts []string
		for i := range 500 {
			texts = append(texts, fmt.Sprintf("%0200d", i)) // more than one write holds
		}
		s.publish("alice", texts...)
		drained := s.drain(t, 0)
		pass(time.Second)
		c.want("on its way")
		for _, text := range texts {
			pass(10 * time.Millisecond)
			c.want(text)
		}
		c.wantClose(1001, "going away")
		<-drained
	})
}

// Events that wait for the throttle's next tick are pending, too.
func TestDrain_WritesEventsOfThrottledSession(t *testing.T) {
	for name, open := range map[string]func(s *server) *client{
		"plain":    func(s *server) *client { return s.open("alice") },
		"resuming": func(s *server) *client { return s.follow("alice", s.skip()) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, calm, func(t *testing.T, s *server) {
				const events = 101
				c := open(s)
				received := make(chan int)
				go func() {
					n := 0
					for _, text := range c.readAll() {
						if strings.HasPrefix(text, `{"trade"`) {
							n++
						}
					}
					received <- n
				}()
				for i := range events {
					pass(time.Millisecond)
					s.send("alice", trade(i))
				}
				synctest.Wait()
				if _, written := s.writes(); written == events {
					t.Fatal("all events are written, want some that wait for the throttle")
				}
				drained := s.drain(t, 0)
				if got := <-received; got != events {
					t.Errorf("%d events arrived before the close, want all %d", got, events)
				}
				<-drained
			})
		})
	}
}

// I4: a client that reads pending events too slowly does not delay the drain for longer than
// one write may take.
func TestDrain_SlowClientDelaysItByOneWriteAtMost(t *testing.T) {
	bubble(t, setup{hub: hub.Config{PingInterval: time.Hour}}, func(t *testing.T, s *server) {
		c := s.open("alice")
		for range 1000 {
			s.publish("alice", fmt.Sprintf("%04000d", 0))
		}
		start := time.Now()
		drained := s.drain(t, 0)
		for ended := false; !ended; {
			f, err := c.next()
			ended = err != nil || f.opcode == opClose
			pass(200 * time.Millisecond)
		}
		<-drained
		if took := time.Since(start); took > 14*time.Second {
			t.Errorf("the drain took %v, want less", took)
		}
	})
}

// A client that waits for the node to catch up is let go when the node stops: another node
// may have what it has seen.
func TestDrain_EndsWaitsToCatchUp(t *testing.T) {
	blocks := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	bubble(t, setup{hub: hub.Config{CatchUp: blocks}}, func(t *testing.T, s *server) {
		ahead := journal.Position{Offset: 1 << 40}
		c := s.dial()
		c.say(after("alice", ahead))
		header := make(chan int, 1)
		go func() {
			r, _ := ask(t, s.connect(), upgradeAt("/?resume="+ahead.String(), "Authorization: Bearer alice")...) //nolint:bodyclose // a pipe's
			header <- r.StatusCode
		}()
		pass(time.Second)
		start := time.Now()
		drained := s.drain(t, 0)
		c.wantClose(1001, "going away")
		<-drained
		if took := time.Since(start); took > time.Second {
			t.Errorf("the drain took %v, want less", took)
		}
		if got := <-header; got != 503 {
			t.Errorf("the request was answered %d, want 503", got)
		}
	})
}

func TestDrain_WithoutSocketsTakesNoTime(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		start := time.Now()
		s.hub.Drain(t.Context(), time.Hour)
		if got := time.Since(start); got != 0 {
			t.Errorf("took %v, want 0", got)
		}
	})
}

// It waits for as long as one write may take.
func TestDrain_WaitsForTheLastSocket(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		s.open("alice")
		s.publish("alice", "nobody reads this")
		silent := s.open("bob")
		start := time.Now()
		drained := s.drain(t, 0)
		silent.wantFrame(opClose, closing(1001, "going away")) // and answers nothing
		silent.wantEnd()
		wantSince(t, start, 2*time.Second)
		<-drained
		wantSince(t, start, 10*time.Second)
		s.wantClosed(map[int]int{1001: 2})
	})
}

// A context that is done cuts the sockets that are left, whether their turn has come or
// not.
func TestDrain_ContextCutsIt(t *testing.T) {
	bubble(t, setup{hub: hub.Config{WriteTimeout: time.Hour}}, func(t *testing.T, s *server) {
		s.open("alice")
		s.publish("alice", "nobody reads this")
		left := s.open("bob")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		go left.wantEnd()
		s.hub.Drain(ctx, time.Minute)
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("took %v, want 3s", got)
		}
		s.wantClosed(map[int]int{1001: 1, 1006: 1})
		s.wantSockets(0, 0)
	})
}

// A second drain, as on a second signal, ends what the first one waits for.
func TestDrain_SecondOneEndsTheFirst(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c, d := s.open("alice"), s.open("alice")
		start := time.Now()
		first := s.drain(t, time.Hour)
		c.wantClose(1001, "going away")
		second := s.drain(t, 0)
		d.wantClose(1001, "going away")
		<-second
		<-first
		wantSince(t, start, 0)
	})
}
