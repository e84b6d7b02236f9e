package hub_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/testenv"
)

// A parked socket has no goroutine and no read buffer, and is read and written as before.
func TestPark_SocketTakesNoGoroutine(t *testing.T) {
	const sockets = 200
	s := onTCP(t, setup{}, 0)
	before := runtime.NumGoroutine()
	var clients []*client
	for range sockets {
		clients = append(clients, s.dial("alice"))
	}
	for round := range 3 {
		s.wantParked(sockets)
		// Some are about to end; a few of the hub may stay.
		testenv.Eventually(t, "parked sockets take no goroutines", func() bool {
			return runtime.NumGoroutine()-before < sockets/20
		})
		text := fmt.Sprint("event ", round)
		s.publish("alice", text)
		for _, c := range clients {
			c.want(text)
			c.send(masked(final|opPing, text))
			c.wantFrame(opPong, text)
		}
	}
}

// After pings and pongs between messages the socket is parked again.
func TestControlFrames_BetweenMessagesAreAnswered(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		c := s.dial("alice")
		for _, payload := range []string{"", "x", strings.Repeat("y", 125)} {
			s.wantParked(1)
			c.send(masked(final|opPing, payload))
			c.wantFrame(opPong, payload)
			s.wantParked(1)
			c.send(append(masked(final|opPong, payload), masked(final|opPing, "behind a pong")...))
			c.wantFrame(opPong, "behind a pong")
			s.wantParked(1)
			c.send(masked(final|opPong, payload))
			s.wantParked(1)
		}
		s.publish("alice", "1")
		c.want("1")
	})
}

// A control frame that comes in two pieces is answered when it is whole.
func TestControlFrames_InPiecesAreAnswered(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		c := s.dial("alice")
		ping := masked(final|opPing, "payload")
		for cut := 1; cut < len(ping); cut++ {
			s.wantParked(1)
			s.heardAll()
			c.send(ping[:cut])
			s.wantRead(cut)
			c.send(ping[cut:])
			c.wantFrame(opPong, "payload")
			s.publish("alice", "event")
			c.want("event")
			c.talk([2]string{"ping", "pong"})
		}
		s.wantParked(1)
	})
}

// Each frame of a fragmented message, and each ping between them, comes in another packet.
func TestControlFrames_WithinAMessageAreAnswered(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		c := s.dial("")
		s.wantParked(1)
		s.heardAll()
		token := bearer("alice")
		for i := range len(token) {
			first := byte(0)
			if i == 0 {
				first = opText
			}
			b := masked(first, token[i:i+1])
			c.send(b)
			s.wantRead(len(b))
			c.send(masked(final|opPing, fmt.Sprint(i)))
			c.wantFrame(opPong, fmt.Sprint(i))
			s.heardAll()
			if n := s.hub.Parked(); n > 0 {
				t.Fatalf("%d sockets are parked within a message, want 0", n)
			}
		}
		c.send(masked(final, ""))
		c.want(authenticated)
		s.wantParked(1)
	})
}

func TestMessages_OfOnePacketAreAnsweredInOrder(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		c := s.dial("")
		var packet []byte
		for _, b := range [][]byte{
			masked(final|opPing, "1"), masked(final|opPong, "2"), masked(final|opText, "ping"),
			masked(final|opText, "{}"), masked(final|opPing, "3"), masked(final|opText, bearer("alice")),
			masked(final|opPing, "4"), masked(final|opPing, "5"),
		} {
			packet = append(packet, b...)
		}
		for range 10 {
			s.wantParked(1)
			c.send(packet)
			c.wantFrame(opPong, "1")
			c.want("pong", noBearer)
			c.wantFrame(opPong, "3")
			c.want(authenticated)
			c.wantFrame(opPong, "4")
			c.wantFrame(opPong, "5")
		}
		// Now it comes in two packets.
		for cut := 1; cut < len(packet); cut++ {
			s.wantParked(1)
			s.heardAll()
			c.send(packet[:cut])
			s.wantRead(cut)
			c.send(packet[cut:])
			c.wantFrame(opPong, "1")
			c.want("pong", noBearer)
			c.wantFrame(opPong, "3")
			c.want(authenticated)
			c.wantFrame(opPong, "4")
			c.wantFrame(opPong, "5")
			c.talk([2]string{"ping", "pong"})
		}
	})
}

// A parked socket ends as others do, whatever the reason.
func TestPark_SocketEnds(t *testing.T) {
	for name, c := range map[string]struct {
		hub  hub.Config
		do   func(s *tcpServer, c *client)
		code int
	}{
		"the client closes": {do: func(_ *tcpServer, c *client) { c.wantCloseOf(1000) }, code: 1000},
		"the client is gone": {do: func(_ *tcpServer, c *client) {
			_ = c.Conn.(*net.TCPConn).CloseWrite()
			c.wantEnd()
		}, code: 1006},
		"the client is reset": {do: func(_ *tcpServer, c *client) {
			_ = c.Conn.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}, code: 1006},
		"a bad frame": {do: func(_ *tcpServer, c *client) {
			c.send([]byte{final | opPing, 5, 'h', 'e', 'l', 'l', 'o'})
			c.wantFrame(opClose, closing(1002, "protocol error"))
			_ = c.Close()
		}, code: 1002},
		"silence": {hub: hub.Config{PingInterval: rare / 4}, do: func(s *tcpServer, c *client) {
			s.hub.Sweep(time.Now().Add(rare / 4))
			c.wantFrame(opPing, "")
			s.hub.Sweep(time.Now().Add(rare / 2))
			c.wantEnd()
		}, code: 1006},
		"no token": {hub: hub.Config{PingInterval: 2 * rare}, do: func(s *tcpServer, c *client) {
			s.hub.Sweep(time.Now().Add(rare))
			c.wantClose(4002, "authentication timeout")
		}, code: 4002},
		"an expired token": {hub: hub.Config{PingInterval: 2 * rare}, do: func(s *tcpServer, c *client) {
			s.hub.Sweep(time.Now().Add(rare))
			c.wantClose(4001, "token expired")
		}, code: 4001},
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, mode hub.Config) {
				c.hub.Portable = mode.Portable
				s := onTCP(t, setup{hub: c.hub}, 0)
				token := "alice"
				if c.code == 4002 {
					token = ""
				}
				client := s.dial(token)
				s.wantParked(1)
				c.do(s, client)
				s.wantEnded(c.code)
			})
		})
	}
}

// wantCloseOf closes, and reads the answer and the connection's end.
func (c *client) wantCloseOf(code uint16) {
	c.tb.Helper()
	c.send(masked(final|opClose, closing(code, "")))
	c.wantFrame(opClose, closing(code, ""))
	c.wantEnd()
}

func TestDrain_EndsSocketsThatAnswer(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		polite, rude := s.dial("alice"), s.dial("bob")
		s.wantParked(2)
		var draining sync.WaitGroup
		draining.Go(func() { s.hub.Drain(t.Context(), 0) })
		polite.wantClose(1001, "going away")
		rude.wantFrame(opClose, closing(1001, "going away"))
		_ = rude.Close() // the time for its answer has not passed
		draining.Wait()
	})
}

func TestDrain_CutsSocketsThatDoNotAnswerInTime(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		const wait = 100 * time.Millisecond
		s := onTCP(t, setup{hub: cfg}, 0)
		s.hub.Tune(hub.Tuning{CloseTimeout: wait})
		rude := s.dial("alice")
		s.wantParked(1)
		start := time.Now()
		var draining sync.WaitGroup
		draining.Go(func() { s.hub.Drain(t.Context(), 0) })
		rude.wantFrame(opClose, closing(1001, "going away"))
		rude.wantEnd()
		if took := time.Since(start); took < wait {
			t.Errorf("cut after %v, want at least %v", took, wait)
		}
		draining.Wait()
	})
}

// After Run each socket has a goroutine, also those that were parked.
func TestPark_EndsWithRun(t *testing.T) {
	const sockets = 20
	s := onTCP(t, setup{}, 0)
	var clients []*client
	for range sockets {
		clients = append(clients, s.dial("alice"))
	}
	s.wantParked(sockets)
	s.stop()
	clients = append(clients, s.dial("alice"))
	for round := range 3 {
		text := fmt.Sprint(round)
		s.publish("alice", text)
		for _, c := range clients {
			c.want(text)
			c.send(masked(final|opPing, text))
			c.wantFrame(opPong, text)
			c.talk([2]string{"ping", "pong"})
		}
		if n := s.hub.Parked(); n != 0 {
			t.Errorf("%d sockets are parked after Run, want 0", n)
		}
	}
	for _, c := range clients {
		c.wantCloseOf(1000)
		s.wantEnded(1000)
	}
}

// A session that is dropped while its reader is about to park it is not parked again:
// nothing would come to wake it.
func TestPark_DroppedSessionIsNotReparked(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	s := onTCP(t, setup{verify: func(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error) {
		close(asked)
		<-answer
		return readToken(ctx, token, peer)
	}}, 0)
	s.closing = sync.OnceFunc(func() {
		close(answer)
		s.wantParked(1)
	})
	c := s.dial("")
	c.say(bearer("alice"))
	<-asked
	cut, now := context.WithCancel(t.Context())
	now()
	go s.hub.Drain(cut, 0)
	s.wantEnded(1006)
}
