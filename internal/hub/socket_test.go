package hub_test

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/hub/hubtest"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// rare is longer than any test.
const rare = time.Hour

// unhurried returns cfg for a test with the machine's clock: time limits that it does not set
// are never reached, however slow the machine is.
func unhurried(cfg hub.Config) hub.Config {
	for _, limit := range []*time.Duration{&cfg.AuthTimeout, &cfg.PingInterval, &cfg.HeartbeatInterval, &cfg.WriteTimeout} {
		*limit = cmp.Or(*limit, rare)
	}
	return cfg
}

// live is a hub on loopback TCP, with gorilla's clients.
type live struct {
	tb     testing.TB
	hub    *hub.Hub
	window *journal.Journal
	url    string
	dialer websocket.Dialer
}

// listen starts a hub, with TLS if secure. At the end of the test it is drained, and then
// no socket may be left; goleak looks for goroutines.
func listen(tb testing.TB, cfg hub.Config, secure bool, m hub.Metrics) *live {
	l := &live{tb: tb, window: journal.New(journal.Config{})}
	l.hub = hub.New(unhurried(cfg), l.window, verifyFunc(readToken), m, slog.New(slog.DiscardHandler))
	l.hub.Tune(hub.Tuning{CloseTimeout: rare})
	var listener net.Listener
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	l.url = "ws://" + listener.Addr().String()
	if secure {
		l.url = "wss://" + listener.Addr().String()
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate(tb)}})
		l.dialer.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	hubtest.Serve(tb, l.hub, listener, slog.New(slog.DiscardHandler))
	return l
}

// dial opens a socket with a valid token.
func (l *live) dial(token string) (*websocket.Conn, error) {
	c, response, err := l.dialer.DialContext(l.tb.Context(), l.url, nil)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	_ = response.Body.Close()
	if err := c.WriteMessage(websocket.TextMessage, []byte(bearer(token))); err != nil {
		return nil, err
	}
	_, challenge, err := c.ReadMessage()
	if err != nil || !challengeForm.Match(challenge) {
		return nil, fmt.Errorf("got %s, %w; want a challenge", challenge, err)
	}
	_, answer, err := c.ReadMessage()
	if err != nil || string(answer) != authenticated {
		return nil, fmt.Errorf("got %s, %w; want the success message", answer, err)
	}
	return c, nil
}

func (l *live) publish(offset uint64, uid event.UID, text string) {
	l.window.Append(journal.Message{
		Position: journal.Position{Offset: offset}, At: time.Now().UnixMilli(),
		Events: []event.Event{{UID: uid, Kind: event.Trade, Message: []byte(text)}},
	})
}

// I1, I3, I4, I7 with real sockets: hundreds of them read, renew, leave and come back while
// events flow, and close at the end.
func TestManySockets(t *testing.T) {
	for name, portable := range map[string]bool{"fast": false, "portable": true} {
		t.Run(name, func(t *testing.T) { manySockets(t, hub.Config{Portable: portable}) })
	}
}

func manySockets(t *testing.T, cfg hub.Config) {
	testenv.Heavy(t)
	const users, sockets = 60, 300
	counts := &counters{}
	l := listen(t, cfg, false, counts)
	first, err := l.dial(name(0))
	if err != nil {
		t.Fatal(err)
	}
	var settled, clients sync.WaitGroup
	pace := make(chan struct{})
	clients.Go(func() { l.follow(first, name(0), visit{pace: pace}) })
	settled.Add(sockets)
	for i := range sockets {
		clients.Go(func() {
			settle := sync.OnceFunc(settled.Done)
			defer settle()
			for left := 2 * (i % 2); ; left-- { // half of them leave twice
				c, err := l.dial(name(i % users))
				if err != nil {
					t.Error(err)
					return
				}
				if left == 0 {
					settle()
					l.follow(c, name(i%users), visit{})
					return
				}
				l.follow(c, name(i%users), visit{events: 10})
			}
		})
	}
	l.feed(users, &settled, pace)
	clients.Wait()
	l.hub.Wait() // an ending is counted when the client may be gone already
	if _, closed, _ := counts.read(); closed[1000] != sockets*2+1 || len(closed) != 1 {
		t.Errorf("sockets ended by code: %v, want %d with 1000", closed, sockets*2+1)
	}
}

// feed publishes events for each user in turn until all clients are connected to stay, as fast
// as one of them reads, and then the last event of each user.
func (l *live) feed(users int, settled *sync.WaitGroup, pace <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		settled.Wait()
		close(done)
	}()
	offset := uint64(0)
	round := func(text string) {
		for i := range users {
			l.publish(offset, event.UID(name(i)), name(i)+" "+text)
			offset++
		}
		<-pace
	}
	for n := 0; ; n++ {
		round(fmt.Sprint(n))
		select {
		case <-done:
			round("end")
			return
		default:
		}
	}
}

// visit is how long a client stays: for so many events, or if that is 0 until its user's last
// event. For each it sends to pace, if there is one.
type visit struct {
	events int
	pace   chan<- struct{}
}

// follow reads the events of uid, which are numbered without a hole, renews now and then, and
// leaves at the end.
func (l *live) follow(c *websocket.Conn, uid string, v visit) {
	defer func() { _ = c.Close() }()
	last := -1
	for read := 0; ; {
		_ = c.SetReadDeadline(time.Now().Add(testenv.Patience))
		_, text, err := c.ReadMessage()
		if err != nil {
			l.tb.Errorf("%s: read: %v", uid, err)
			return
		}
		if string(text) == authenticated {
			continue
		}
		if v.pace != nil {
			v.pace <- struct{}{}
		}
		number, ok := strings.CutPrefix(string(text), uid+" ")
		if !ok {
			l.tb.Errorf("%s was sent %q, want an event of it", uid, text)
			return
		}
		if read++; read%20 == 5 {
			_ = c.WriteMessage(websocket.TextMessage, []byte(bearer(uid)))
		}
		if number == "end" || read == v.events {
			l.leave(c)
			return
		}
		n := 0
		if _, err := fmt.Sscan(number, &n); err != nil || last >= 0 && n != last+1 {
			l.tb.Errorf("%s: event %q after %d", uid, number, last)
			return
		}
		last = n
	}
}

// leave closes as RFC 6455 §7.1.1 requires: the server ends the connection.
func (l *live) leave(c *websocket.Conn) {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := c.WriteControl(websocket.CloseMessage, bye, time.Now().Add(testenv.Patience)); err != nil {
		l.tb.Error(err)
		return
	}
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				l.tb.Errorf("after the close: %v", err)
			}
			return
		}
	}
}

// The client gets the close frame of a server that has not read everything (RFC 6455 §7.1.1).
func TestClose_FrameIsNotLostToAReset(t *testing.T) {
	for mode, cfg := range map[string]struct {
		hub    hub.Config
		secure bool
	}{
		"fast": {}, "portable": {hub: hub.Config{Portable: true}}, "TLS": {secure: true},
	} {
		for name, c := range map[string]struct {
			message string
			code    int
			reason  string
		}{
			"too big": {strings.Repeat("x", 4<<20), 1009, "message too big"},
			"a panic": {bearer("panic"), 1011, "internal error"},
		} {
			t.Run(name+", "+mode, func(t *testing.T) {
				l := listen(t, cfg.hub, cfg.secure, &counters{})
				conn, err := l.dial("alice")
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				// What follows is never read as a message.
				_ = conn.WriteMessage(websocket.TextMessage, []byte(c.message))
				for range 50 {
					_ = conn.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("y", 10_000)))
				}
				_ = conn.SetReadDeadline(time.Now().Add(testenv.Patience))
				_, _, err = conn.ReadMessage()
				closed, ok := errors.AsType[*websocket.CloseError](err)
				if !ok || closed.Code != c.code || closed.Text != c.reason {
					t.Errorf("got %v, want %d %s", err, c.code, c.reason)
				}
			})
		}
	}
}

func TestTLS_EventsArrive(t *testing.T) {
	l := listen(t, hub.Config{}, true, &counters{})
	c, err := l.dial("alice")
	if err != nil {
		t.Fatal(err)
	}
	l.publish(0, "bob", "bob 0")
	l.publish(1, "alice", "alice 0")
	l.publish(2, "alice", "alice end")
	l.follow(c, "alice", visit{})
}
