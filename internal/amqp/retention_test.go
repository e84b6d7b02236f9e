package amqp_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

const dropped = "were dropped from the stream"

// smallSegments declares the stream with segments of some fifty messages that
// are confirmed one by one, and drops the oldest beyond length bytes.
func smallSegments(p *peer, cfg amqp.Config, length int) {
	p.tb.Helper()
	if code := p.queue(cfg.Stream, true, amqp091.Table{
		"x-queue-type":                    "stream",
		"x-stream-max-segment-size-bytes": 10_000,
		"x-max-length-bytes":              length,
	}); code != 0 {
		p.tb.Fatalf("declare the stream: refused with %d", code)
	}
}

// At the begin of each segment the broker takes an offset for itself. That is no
// gap: positions before it are good.
func TestSegments(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	smallSegments(p, cfg, 1<<30)
	through, parted := behindProxy(t, cfg)
	n := startNode(t, through)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	const messages = 300
	for i := range messages {
		p.send(cfg, order(i))
		if i%40 == 0 {
			alices.await(t, idText(i))
			parted.cut() // some reconnects fall on a new segment
		}
	}
	late := startNode(t, cfg)
	lates := late.tap(t, alice)
	late.awaitFollowing(t)
	p.send(cfg, order(messages))
	alices.await(t, idText(messages))
	lates.await(t, idText(messages))

	stream := p.stream(cfg.Stream)
	if last := stream[len(stream)-1].at.Offset; last < uint64(len(stream))+messages/100 {
		t.Fatalf("%d messages end at offset %d: there were no segments", len(stream), last)
	}
	for _, m := range stream {
		if m.exchange == "" {
			continue // a marker, maybe a later one
		}
		if !n.journal.Holds(m.at) || !late.journal.Holds(m.at) {
			t.Errorf("position %v is held by one who followed: %t, by one who came late: %t",
				m.at, n.journal.Holds(m.at), late.journal.Holds(m.at))
		}
	}
	checkNumbers(t, numbers(t, alices.got), nil)
	if got := n.log.count(says(dropped)) + late.log.count(says(dropped)); got != 0 {
		t.Errorf("%d times messages were said to be lost", got)
	}
}

// Messages that retention drops before a node could read them are said to be
// lost, and how many.
func TestStreamTrimmedWhileAway(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	smallSegments(p, cfg, 40_000)
	parted := newProxy(t, cfg.URL)
	away := cfg
	away.URL = parted.url
	n := startNode(t, away)
	n.awaitFollowing(t)
	alices := n.follow(t)
	p.send(cfg, order(0))
	before := lastPosition(alices.await(t, idText(0)), order(0).Body)

	parted.part()
	n.awaitLog(t, "will reconnect")
	const messages = 1000
	var sent []dispatch
	for i := range messages {
		begun := time.Now().UnixMilli()
		p.send(cfg, order(i+1))
		sent = append(sent, dispatch{i + 1, begun, time.Now().UnixMilli()})
	}
	parted.join()
	lost := n.awaitLog(t, dropped)
	gaps, got := gapsIn(t, alices.await(t, idText(messages)))
	if len(gaps) != 1 || gaps[0].Reason != event.GapOverflow {
		t.Errorf("gaps %v, want one of overflow", gaps)
	}
	checkCovered(t, (&trader{sent: sent}).lost(numbers(t, got)), gaps)
	if gap := slices.IndexFunc(alices.got, func(e journal.Entry) bool { return e.Kind == event.Announcement }); gap > 2 {
		t.Errorf("the gap is told behind %d events, want before the second that follows it", gap)
	}
	if lost.level != slog.LevelError {
		t.Errorf("it was logged as %v", lost.level)
	}
	if want := got[1].Offset - before.Offset - 1; lost.attrs["lost"] != want || want < messages/10 {
		t.Errorf("%v were said to be lost, want %d", lost.attrs["lost"], want)
	}
	checkConsecutive(t, numbers(t, got[1:]))
	if n.journal.Holds(before) {
		t.Errorf("position %v is held, though what follows it is lost", before)
	}
	if again := n.log.count(says(dropped)); again != 1 {
		t.Errorf("%d times messages were said to be lost, want once", again)
	}
}

// blocking is a Metrics that holds up the reader at its first event.
type blocking struct {
	counted
	reached chan struct{} // closed at the first event
	resume  chan struct{} // closed to go on
}

func (b *blocking) Event(k event.Kind) {
	select {
	case <-b.reached:
	default:
		close(b.reached)
		<-b.resume
	}
	b.counted.Event(k)
}

// Retention that overtakes a node while it reads is told as well.
func TestStreamTrimmedUnderUs(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	smallSegments(p, cfg, 40_000)
	slow := cfg
	slow.Prefetch = 10
	slow.LookEvery = never // its marker may be dropped as well
	m := &blocking{reached: make(chan struct{}), resume: make(chan struct{})}
	n := newNodeWith(slow, m)
	alices := n.tap(t, alice)
	n.run(t)
	n.awaitFollowing(t)
	p.send(cfg, order(0))
	<-m.reached
	const messages = 1000
	for i := range messages {
		p.send(cfg, order(i+1))
	}
	close(m.resume)
	got := alices.await(t, idText(messages))
	checkNumbers(t, numbers(t, got), nil)
	var lost uint64
	n.log.count(func(l line) bool {
		if says(dropped)(l) {
			lost += l.attrs["lost"].(uint64)
		}
		return true
	})
	if told := m.gaps.count(func(g event.GapReason) bool { return g == event.GapOverflow }); told == 0 {
		t.Error("no gap was told")
	}
	if missing := messages + 1 - len(got); missing == 0 || lost < uint64(missing) {
		t.Errorf("%d messages did not come, %d were said to be lost", missing, lost)
	}
}

// checkConsecutive checks that none is missing in between.
func checkConsecutive(tb testing.TB, got []int) {
	tb.Helper()
	for i := range got[1:] {
		if got[i+1] != got[i]+1 {
			tb.Errorf("%d came after %d", got[i+1], got[i])
		}
	}
}
