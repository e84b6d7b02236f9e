package amqp_test

import (
	"io"
	"net"
	"testing"
	"time"

	"ranger/internal/amqp"
)

// prompt is how long Run may take to end.
const prompt = time.Second

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
			n := startNode(t, amqp.Config{URL: "amqp://" + ln.Addr().String()})
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
		"pausing between two tries": func(t *testing.T) *node {
			t.Helper()
			n := startNode(t, amqp.Config{URL: "amqp://127.0.0.1:1"})
			for range 5 {
				n.awaitLog(t, "will reconnect") // the next pause is over a second
			}
			return n
		},
		"reading": func(t *testing.T) *node {
			t.Helper()
			cfg := newConfig(t, sharedURL(t))
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
			n := startNode(t, newConfig(t, sharedURL(t)))
			n.awaitFollowing(t)
			return n
		},
		"before it began": func(t *testing.T) *node {
			t.Helper()
			return startNode(t, newConfig(t, sharedURL(t)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if took := start(t).stop(t); took > prompt {
				t.Errorf("Run took %v to end", took)
			}
		})
	}
}

// A broker that says nothing any more holds up the end for no longer than a
// goodbye may take.
func TestRunEndsWithoutAnswer(t *testing.T) {
	t.Parallel()
	parted := newProxy(t, sharedURL(t))
	cfg := newConfig(t, sharedURL(t))
	cfg.URL = parted.url
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	parted.mute()
	if took := n.stop(t); took > 3*time.Second {
		t.Errorf("Run took %v to end", took)
	}
}

// A broker that says nothing any more is given up after some heartbeats.
func TestBrokerFallsSilent(t *testing.T) {
	t.Parallel()
	parted := newProxy(t, sharedURL(t))
	cfg := newConfig(t, sharedURL(t))
	cfg.URL = parted.url
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	began := time.Now()
	parted.mute()
	n.awaitLog(t, "will reconnect")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("that took %v", took)
	}
	newPeer(t, sharedURL(t)).send(cfg, order(1))
	n.awaitFollowing(t)
	alices.await(t, idText(1))
}
