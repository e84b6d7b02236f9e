package main_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// TestHistoryMemory publishes more events than HISTORY_MEMORY can hold: the estimated size
// stays within it, the oldest events are dropped first, a resume from a dropped event is
// refused, and the memory of the process grows by at most 1.5 times HISTORY_MEMORY. It names
// I7.
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
	late := w.positionOf(p, user(0)) // all events have been read, or the position would be ahead
	s := dial(t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(user(1)) + `","resume":"` + late + `"}`)
	s.expect(`{"success":{"message":"Authenticated.","resumed":true}}`)
	order := w.order(user(0), 1)

	bytes, entries := p.metric("ranger_window_bytes"), p.metric("ranger_window_events")
	grown := p.resident() - before
	t.Logf("%v events in memory, estimated %.1f MiB of %d; resident memory grew by %.1f MiB", entries, bytes/mebibyte, memory, grown/mebibyte)
	if bytes > float64(memory*mebibyte) || bytes < 0.9*float64(memory*mebibyte) {
		t.Errorf("got an estimated size of %.0f bytes, want 0.9 to 1 times %d MiB", bytes, memory)
	}
	if got := p.metric("ranger_window_evicted_total"); got == 0 {
		t.Error("got no dropped event")
	}
	// The race detector takes additional memory.
	if *soak && grown > 1.5*float64(memory*mebibyte) {
		t.Errorf("got %.1f MiB more resident memory, want at most 1.5 times %d", grown/mebibyte, memory)
	}
	if got := w.resume(p, user(0), early); !strings.Contains(got, `"resumed":false`) {
		t.Errorf("resume from a dropped event: got %s, want resumed:false", got)
	}
	s = dial(t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(user(0)) + `","resume":"` + late + `"}`)
	s.expect(`{"success":{"message":"Authenticated.","resumed":true}}`)
	got := s.read()
	if strings.HasPrefix(got, `{"heartbeat":`) {
		got = s.read() // the order was not read yet
	}
	if want := strings.TrimSuffix(order, "}") + `,"position":"`; !strings.HasPrefix(got, want) {
		t.Errorf("resume from just before the last event: got %s, want %s…", got, want)
	}
}

// resume opens a socket that resumes from position and returns the answer.
func (w *world) resume(p *process, uid event.UID, position string) string {
	w.t.Helper()
	s := dial(w.t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(uid) + `","resume":"` + position + `"}`)
	return s.read()
}

// positionOf returns the position from which a new socket of uid begins.
func (w *world) positionOf(p *process, uid event.UID) string {
	w.t.Helper()
	s := dial(w.t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(uid) + `","resume":true}`)
	return regexp.MustCompile(`"position":"([^"]*)"`).FindStringSubmatch(s.read())[1]
}

// resident returns the resident memory of the process, in bytes.
func (p *process) resident() float64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	check(p.t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	check(p.t, err)
	return float64(pages * os.Getpagesize())
}
