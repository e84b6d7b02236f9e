package amqp_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// dropped is logged when the stream has dropped messages.
const dropped = "the stream dropped messages"

// smallSegments declares a stream whose segments have some fifty messages, if these
// are confirmed one by one, and which drops the oldest beyond length bytes.
func smallSegments(tb testing.TB, p *amqptest.Peer, cfg amqp.Config, length int) {
	tb.Helper()
	p.DeclareStream(cfg.Stream, amqp091.Table{"x-stream-max-segment-size-bytes": 10_000, "x-max-length-bytes": length})
}

// The broker uses an offset at the start of each segment. That is no gap: positions
// before it stay valid.
func TestSource_OffsetsOfBrokerAreNoGap(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	smallSegments(t, p, cfg, 1<<30)
	through, proxy := behindProxy(t, cfg)
	n, alices := startFollowing(t, through)
	const messages = 300
	for i := range messages {
		p.Send(cfg.Exchanges, order(i))
		if i%40 == 0 {
			alices.await(t, idText(i))
			proxy.Cut() // some reconnects come at a new segment
		}
	}
	late := startNode(t, withPortable(cfg))
	lates := late.tap(t, alice)
	late.awaitFollowing(t)
	p.Send(cfg.Exchanges, order(messages))
	alices.await(t, idText(messages))
	lates.await(t, idText(messages))

	stream := p.Stream(cfg.Stream)
	if last := stream[len(stream)-1].At.Offset; last < uint64(len(stream))+messages/100 {
		t.Fatalf("%d messages end at offset %d: the stream has no segments, the test shows nothing", len(stream), last)
	}
	for _, m := range stream {
		if m.Exchange == "" {
			continue // a marker, maybe a later one
		}
		if !n.journal.Holds(m.At) || !late.journal.Holds(m.At) {
			t.Errorf("position %v: got held %t by the node that followed, %t by the late one, want both",
				m.At, n.journal.Holds(m.At), late.journal.Holds(m.At))
		}
	}
	checkNumbers(t, numbers(t, alices.got), nil)
	if got := n.log.count(says(dropped)) + late.log.count(says(dropped)); got != 0 {
		t.Errorf("got %d log lines about lost messages, want none", got)
	}
}

// If retention drops messages before a node could read them, the log says so, and how
// many.
func TestSource_StreamTrimmedWhileDisconnected(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	p := amqptest.NewPeer(t, cfg.URL)
	smallSegments(t, p, cfg, 40_000)
	through, proxy := behindProxy(t, cfg)
	n := startNode(t, through)
	n.awaitFollowing(t)
	alices := n.tapWithGaps(t)
	p.Send(cfg.Exchanges, order(0))
	before := lastPosition(alices.await(t, idText(0)), order(0).Body)

	proxy.Block()
	n.awaitLog(t, lostConnection)
	const messages = 1000
	var sent []confirmed
	for i := range messages {
		begun := time.Now().UnixMilli()
		p.Send(cfg.Exchanges, order(i+1))
		sent = append(sent, confirmed{i + 1, begun, time.Now().UnixMilli()})
	}
	proxy.Unblock()
	logged := n.awaitLog(t, dropped)
	gaps, got := gapsIn(t, alices.await(t, idText(messages)))
	if len(gaps) != 1 || gaps[0].Reason != event.GapOverflow {
		t.Errorf("got the gaps %v, want one of overflow", gaps)
	}
	checkCovered(t, lost(sent, numbers(t, got)), gaps)
	if gap := slices.IndexFunc(alices.got, func(e journal.Entry) bool { return e.Kind == event.Announcement }); gap > 2 {
		t.Errorf("got the gap after %d events, want it before the second event that follows it", gap)
	}
	if logged.level != slog.LevelError {
		t.Errorf("got log level %v, want %v", logged.level, slog.LevelError)
	}
	if want := got[1].Offset - before.Offset - 1; logged.attrs["lost"] != want || want < messages/10 {
		t.Errorf("got %v lost messages in the log, want %d", logged.attrs["lost"], want)
	}
	checkConsecutive(t, numbers(t, got[1:]))
	if n.journal.Holds(before) {
		t.Errorf("position %v, after which messages are lost: got held, want not held", before)
	}
	if got := n.log.count(says(dropped)); got != 1 {
		t.Errorf("got %d log lines about lost messages, want 1", got)
	}
}

// blocking is a Metrics that blocks the reader at its first event.
type blocking struct {
	counted
	reached chan struct{} // closed at the first event
	resume  chan struct{} // closed by the test to go on
}

func newBlocking() *blocking {
	return &blocking{reached: make(chan struct{}), resume: make(chan struct{})}
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

// Retention that overtakes a node while it reads is a gap as well.
func TestSource_StreamTrimmedWhileReading(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		p := amqptest.NewPeer(t, cfg.URL)
		smallSegments(t, p, cfg, 40_000)
		slow := cfg
		slow.Prefetch = 10
		slow.CheckInterval = amqptest.Never // its marker may be dropped as well
		m := newBlocking()
		n := newNodeWith(slow, m)
		alices := n.tap(t, alice)
		n.run(t)
		n.awaitFollowing(t)
		p.Send(cfg.Exchanges, order(0))
		<-m.reached
		const messages = 1000
		for i := range messages {
			p.Send(cfg.Exchanges, order(i+1))
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
		if got := m.gaps.count(is(event.GapOverflow)); got == 0 {
			t.Error("got no gap of overflow, want one or more")
		}
		if missing := messages + 1 - len(got); missing == 0 || lost < uint64(missing) {
			t.Errorf("got %d lost messages in the log, want %d or more, and not 0", lost, missing)
		}
	})
}
