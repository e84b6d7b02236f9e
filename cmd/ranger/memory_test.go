package main_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	main "ranger/cmd/ranger"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

func TestHeapGrowth(t *testing.T) {
	const mebibyte = 1 << 20
	for name, c := range map[string]struct {
		inUse, rate int64 // MiB
		want        int
	}{
		"a storm on a small node":             {inUse: 10, rate: 50, want: 800},
		"steady events on a small node":       {inUse: 20, rate: 1, want: 35},
		"rest":                                {inUse: 20, rate: 0, want: 15},
		"a storm beside a third of a history": {inUse: 80, rate: 500, want: 90},
		"a storm beside a full history":       {inUse: 300, rate: 500, want: 35},
		"steady events beside a full history": {inUse: 300, rate: 1, want: 15},
		"rest before any collection":          {inUse: 0, rate: 0, want: 15},
		"a storm before any collection":       {inUse: 0, rate: 50, want: 800},
	} {
		t.Run(name, func(t *testing.T) {
			if got := main.GrowthFor(c.inUse*mebibyte, c.rate*mebibyte, 256*mebibyte); got != c.want {
				t.Errorf("got %d %%, want %d", got, c.want)
			}
		})
	}
}

// It rises at once, and falls when less has sufficed for a while: wishes that go up
// and down change nothing.
func TestHeapGrowthIsSteady(t *testing.T) {
	var g main.Growth
	for i, wish := range []int{15, 35, 200, 15, 60, 200, 35, 15, 200} {
		if got, want := g.Follow(wish, 800), []int{15, 35, 200}[min(i, 2)]; got != want {
			t.Errorf("look %d: %d %%, want %d", i, got, want)
		}
	}
	for range main.CalmAfter - 1 {
		if got := g.Follow(22, 800); got != 200 {
			t.Fatalf("got %d %% while it is not calm yet, want 200", got)
		}
	}
	if got := g.Follow(15, 800); got != 22 {
		t.Errorf("got %d %% when it is calm, want 22", got)
	}
}

// I7: what a history that fills has to do with is kept at once.
func TestHeapGrowthKeepsItsBound(t *testing.T) {
	var g main.Growth
	for _, c := range []struct{ wish, bound, want int }{{800, 800, 800}, {35, 90, 90}, {35, 60, 60}, {15, 60, 60}, {35, 35, 35}} {
		if got := g.Follow(c.wish, c.bound); got != c.want {
			t.Errorf("wish %d %%, bound %d %%: got %d, want %d", c.wish, c.bound, got, c.want)
		}
	}
}

// TestHistoryMemory fills the logs of many users beyond HISTORY_MEMORY: what is
// reckoned stays within it, the oldest goes first, who would resume from there is
// told, and the process grows by no more than half as much again. It names I7.
func TestHistoryMemory(t *testing.T) {
	const users, size, mebibyte = 10_000, 20, 1 << 20
	rounds, memory := 4, 8
	if *soak {
		rounds, memory = 2*size, 64
	} else {
		t.Parallel()
		testenv.RabbitMQ(t)
		testenv.Heavy(t)
	}
	w := newWorld(t)
	p := w.serve(fmt.Sprint("HISTORY_SIZE=", size), fmt.Sprintf("HISTORY_MEMORY=%dMiB", memory))
	early := w.positionOf(p, user(0))
	before := p.resident()
	padding := strings.Repeat("x", 250)
	var confirmed func()
	for n := range rounds {
		for i := range users {
			confirmed = w.send(w.orders, amqp091.Table{"member_uid": string(user(i))}, fmt.Sprintf(`{"id":%d,"note":"%s"}`, n, padding))
			if i%1000 == 0 {
				confirmed()
			}
		}
	}
	confirmed()
	late := w.positionOf(p, user(0)) // all that was published has been read, or it would lie ahead
	s := dial(t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(user(1)) + `","resume":"` + late + `"}`)
	s.expect(`{"success":{"message":"Authenticated.","resumed":true}}`)
	order := w.order(user(0), 1)

	bytes, entries := p.metric("ranger_window_bytes"), p.metric("ranger_window_events")
	grown := p.resident() - before
	t.Logf("%v events held, reckoned %.1f MiB of %d; resident memory grew by %.1f MiB", entries, bytes/mebibyte, memory, grown/mebibyte)
	if bytes > float64(memory*mebibyte) || bytes < 0.9*float64(memory*mebibyte) {
		t.Errorf("the window is reckoned at %.0f bytes, want all of %d MiB and no more", bytes, memory)
	}
	if got := p.metric("ranger_window_evicted_total"); got == 0 {
		t.Error("nothing was dropped")
	}
	// The race detector has memory of its own.
	if *soak && grown > 1.5*float64(memory*mebibyte) {
		t.Errorf("resident memory grew by %.1f MiB, want at most 1.5 times %d", grown/mebibyte, memory)
	}
	if got := w.resume(p, user(0), early); !strings.Contains(got, `"resumed":false`) {
		t.Errorf("a resume from before all that was answered with %s", got)
	}
	s = dial(t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(user(0)) + `","resume":"` + late + `"}`)
	s.expect(`{"success":{"message":"Authenticated.","resumed":true}}`)
	got := s.read()
	if strings.HasPrefix(got, `{"heartbeat":`) {
		got = s.read() // it was not read yet
	}
	if want := strings.TrimSuffix(order, "}") + `,"position":"`; !strings.HasPrefix(got, want) {
		t.Errorf("a resume from just before brought %s, want %s…", got, want)
	}
}

// resume opens a socket that resumes, and returns the answer.
func (w *world) resume(p *process, uid event.UID, position string) string {
	w.t.Helper()
	s := dial(w.t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(uid) + `","resume":"` + position + `"}`)
	return s.read()
}

// positionOf returns the position from which a new socket of uid would go on.
func (w *world) positionOf(p *process, uid event.UID) string {
	w.t.Helper()
	s := dial(w.t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(uid) + `","resume":true}`)
	return regexp.MustCompile(`"position":"([^"]*)"`).FindStringSubmatch(s.read())[1]
}

// resident returns how much memory the process has, in bytes.
func (p *process) resident() float64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	check(p.t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	check(p.t, err)
	return float64(pages * os.Getpagesize())
}
