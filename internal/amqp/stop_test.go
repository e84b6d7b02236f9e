package amqp_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/amqp/internal/amqptest"
)

// Run returns when its context ends, whatever it waits for: nothing else ends any of
// this.
func TestRun_ReturnsWhenContextEnds(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, amqp.Config) *node{
		"reading": func(t *testing.T, cfg amqp.Config) *node {
			t.Helper()
			fillStream(t, cfg, 5000)
			m := newBlocking()
			n := newNodeWith(cfg, m)
			n.run(t)
			<-m.reached
			if got := n.source.Status().State; got != amqp.Reading {
				t.Errorf("got state %v, want %v", got, amqp.Reading)
			}
			close(m.resume)
			return n
		},
		"following": func(t *testing.T, cfg amqp.Config) *node {
			t.Helper()
			n := startNode(t, cfg)
			n.awaitFollowing(t)
			return n
		},
		"at once": func(t *testing.T, cfg amqp.Config) *node {
			t.Helper()
			return startNode(t, cfg)
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, cfg amqp.Config) { start(t, cfg).stop(t) })
		})
	}
}

func TestRun_ReturnsWhileConnectingToSilentServer(t *testing.T) {
	t.Parallel()
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
	n.stop(t)
}

// Run does not wait for the end of the pause between two attempts.
func TestRun_ReturnsDuringPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startNode(t, amqp.Config{URL: "amqp://127.0.0.1:1"})
		for range 5 {
			n.awaitLog(t, lostConnection) // the next pause is over a second
		}
		synctest.Wait()
		began := time.Now()
		n.stop(t)
		if took := time.Since(began); took != 0 { // the bubble's time
			t.Errorf("Run took %v to return, want 0s", took)
		}
	})
}

// A broker that sends nothing any more delays the end by no more than limits.Close:
// there are no heartbeats that would end its connection.
func TestRun_ReturnsWithoutAnswerOfBroker(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		cfg, proxy := behindProxy(t, cfg)
		proxy.Edit(withoutHeartbeats)
		limits := unlimited()
		limits.Close = 100 * time.Millisecond
		n := startNode(t, cfg.Within(limits))
		n.awaitFollowing(t)
		proxy.Mute()
		n.stop(t)
	})
}

// withoutHeartbeats makes the broker ask for no heartbeats.
func withoutHeartbeats(frame []byte) []byte {
	if amqptest.MethodOf(frame) == amqptest.ConnectionTune { // ends with their interval and the frame's end
		frame[len(frame)-3], frame[len(frame)-2] = 0, 0
	}
	return frame
}

// The connection to a broker that sends nothing any more ends after some heartbeats:
// nothing else ends it.
func TestSource_ReconnectsWhenBrokerFallsSilent(t *testing.T) {
	eachMode(t, func(t *testing.T, cfg amqp.Config) {
		cfg, proxy := behindProxy(t, cfg)
		limits := unlimited()
		limits.Heartbeat = time.Second // the shortest in AMQP
		n, alices, p := setUp(t, cfg.Within(limits))
		proxy.Mute()
		n.awaitLog(t, lostConnection)
		p.Send(cfg.Exchanges, order(1))
		n.awaitFollowing(t)
		alices.await(t, idText(1))
	})
}

// By default a marker must come back within two checks.
func TestDefaultLimits_SilenceIsTwoChecks(t *testing.T) {
	t.Parallel()
	l := amqp.DefaultLimits()
	if want := 10 * time.Second; l.Silence != want {
		t.Errorf("got Silence %v, want %v", l.Silence, want)
	}
}
