package amqp_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// Run ends with its context, whatever it waits for: nothing else ends any of this.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *node{
		"connecting to one who accepts and says nothing": func(t *testing.T) *node {
			t.Helper()
			var listen net.ListenConfig
			ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
			n := startNode(t, amqp.Config{URL: "amqp://" + ln.Addr().String()}.Within(unlimited()))
			c, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			if _, err := io.ReadFull(c, make([]byte, len("AMQP\x00\x00\x09\x01"))); err != nil {
				t.Fatal(err)
			}
			return n
		},
		"reading": func(t *testing.T) *node {
			t.Helper()
			cfg := newConfig(t, testenv.RabbitMQ(t))
			fill(t, cfg, 5000)
			m := &blocking{reached: make(chan struct{}), resume: make(chan struct{})}
			n := newNodeWith(cfg, m)
			n.run(t)
			<-m.reached
			if got := n.source.Status().State; got != amqp.Reading {
				t.Errorf("state: got %v, want reading", got)
			}
			close(m.resume)
			return n
		},
		"following": func(t *testing.T) *node {
			t.Helper()
			n := startNode(t, newConfig(t, testenv.RabbitMQ(t)))
			n.awaitFollowing(t)
			return n
		},
		"before it began": func(t *testing.T) *node {
			t.Helper()
			return startNode(t, newConfig(t, testenv.RabbitMQ(t)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start(t).stop(t)
		})
	}
}

// Run does not wait for the end of a pause between two tries.
func TestRunEndsInAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startNode(t, amqp.Config{URL: "amqp://127.0.0.1:1"})
		for range 5 {
			n.awaitLog(t, "will reconnect") // the next pause is over a second
		}
		synctest.Wait()
		began := time.Now()
		n.stop(t)
		if took := time.Since(began); took != 0 { // of the bubble's time
			t.Errorf("Run took %v to end", took)
		}
	})
}

// A broker that says nothing any more holds up the end for no longer than a
// goodbye may take: there are no heartbeats that would end its connection.
func TestRunEndsWithoutAnswer(t *testing.T) {
	t.Parallel()
	parted := newProxy(t, testenv.RabbitMQ(t))
	parted.edits(withoutHeartbeats)
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.URL = parted.url
	limits := unlimited()
	limits.Goodbye = 100 * time.Millisecond
	n := startNode(t, cfg.Within(limits))
	n.awaitFollowing(t)
	parted.mute()
	n.stop(t)
}

// withoutHeartbeats has a broker ask for none.
func withoutHeartbeats(frame []byte) []byte {
	if methodOf(frame) == (method{10, 30}) { // tune, which ends with their interval and the frame's end
		frame[len(frame)-3], frame[len(frame)-2] = 0, 0
	}
	return frame
}

// A broker that says nothing any more is given up after some heartbeats: nothing else
// ends its connection.
func TestBrokerFallsSilent(t *testing.T) {
	t.Parallel()
	parted := newProxy(t, testenv.RabbitMQ(t))
	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.URL = parted.url
	limits := unlimited()
	limits.Heartbeat = time.Second // AMQP knows no shorter one
	n := startNode(t, cfg.Within(limits))
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	parted.mute()
	n.awaitLog(t, "will reconnect")
	newPeer(t, testenv.RabbitMQ(t)).send(cfg, order(1))
	n.awaitFollowing(t)
	alices.await(t, idText(1))
}

// A host that has died is noticed within a quarter of a minute, and one that hangs
// does not hold up the end of the process for longer than some seconds.
func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	const missed = 3 // heartbeats, until the library ends the connection
	l := amqp.DefaultLimits()
	if missed*l.Heartbeat > 15*time.Second || l.Goodbye > 3*time.Second || l.Silence != 10*time.Second {
		t.Errorf("heartbeats each %v, a goodbye of %v, silence for %v", l.Heartbeat, l.Goodbye, l.Silence)
	}
}
