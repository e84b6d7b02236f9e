package hub_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
)

// sample is an event of ordinary size.
var sample = fmt.Appendf(nil, `{"trade":{"id":%0300d}}`, 1)

func BenchmarkAppendFrame(b *testing.B) {
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	b.SetBytes(int64(len(sample)))
	for b.Loop() {
		buf = protocol.AppendFrame(buf[:0], 1, sample)
	}
}

// sink is a connection that discards everything.
type sink struct{ net.Conn }

func (sink) Write(p []byte) (int, error)      { return len(p), nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }
func (sink) SetReadDeadline(time.Time) error  { return nil }

// One write of pending events: to the first socket of a user, to another one, and to a client
// that opted in.
func BenchmarkWrite(b *testing.B) {
	for _, bm := range []struct {
		name     string
		events   int
		further  bool
		resuming bool
	}{
		{name: "one event", events: 1},
		{name: "one event, further socket", events: 1, further: true},
		{name: "one event, resuming", events: 1, resuming: true},
		{name: "64 events", events: 64},
	} {
		b.Run(bm.name, func(b *testing.B) {
			const users = 1000
			j := journal.New(journal.Config{Memory: 1 << 30})
			h := newHub(j, &counters{})
			var first, measured [users]func(heartbeat bool) error
			for i := range users {
				first[i] = h.NewWriter(user(i), sink{}, false, "")
				measured[i] = h.NewWriter(user(i), sink{}, false, "")
				if bm.resuming {
					measured[i] = h.NewWriter(user(i), sink{}, true, "")
				}
			}
			wait := func() { // adds events for all users
				for n := range users * bm.events {
					feed(j, user(n%users))
				}
				for _, write := range first {
					if bm.further && write(false) != nil {
						b.Fatal("the write failed")
					}
				}
			}
			next := users
			b.ReportAllocs()
			b.SetBytes(int64(bm.events * len(sample)))
			for b.Loop() {
				if next == users {
					b.StopTimer()
					wait()
					next = 0
					b.StartTimer()
				}
				if err := measured[next](false); err != nil {
					b.Fatal(err)
				}
				next++
			}
		})
	}
}

func user(n int) event.UID { return event.UID(fmt.Sprintf("ID%011d", n)) }

// feed appends an event for a user.
func feed(j *journal.Journal, uid event.UID) {
	last, _ := j.Last()
	j.Append(journal.Message{
		Position: journal.Position{Offset: last.Offset + 1}, At: 1,
		Events: []event.Event{{UID: uid, Kind: event.Trade, Message: sample}},
	})
}

// arrivals counts the events that are still to be written.
type arrivals struct {
	counters
	sync.WaitGroup
}

func (a *arrivals) Delivered(n int) { a.Add(-n) }

// One event, from Append until it is written to all sockets of its user: if a write waits for
// the peer, as with TLS, and over TCP.
func BenchmarkDeliver(b *testing.B) {
	for name, connect := range map[string]func(testing.TB) (client, server net.Conn){
		"waiting": func(testing.TB) (client, server net.Conn) {
			client, server = net.Pipe()
			return client, readOnly{server}
		},
		"tcp": tcpPair,
	} {
		for _, sockets := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s,sockets=%d", name, sockets), func(b *testing.B) {
				j, a := journal.New(journal.Config{}), &arrivals{}
				h := newHub(j, a)
				var clients []net.Conn
				for range sockets {
					client, server := connect(b)
					r := upgradeRequest(b)
					r.Header.Set("Authorization", "Bearer alice")
					h.ServeHTTP(wired{httptest.NewRecorder(), server}, r)
					clients = append(clients, client)
				}
				b.ReportAllocs()
				for b.Loop() {
					a.Add(sockets)
					feed(j, "alice")
					a.Wait()
				}
				for _, c := range clients {
					_ = c.Close()
				}
				h.Wait()
			})
		}
	}
}

// tcpPair returns the ends of a connection. The client reads everything.
func tcpPair(tb testing.TB) (client, server net.Conn) {
	tb.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // both ends are there
	var d net.Dialer
	if client, err = d.DialContext(tb.Context(), "tcp", l.Addr().String()); err == nil {
		server, err = l.Accept()
	}
	if err != nil {
		tb.Fatal(err)
	}
	go io.Copy(io.Discard, client) //nolint:errcheck // until the caller closes it
	return client, server
}

func newHub(j *journal.Journal, m hub.Metrics) *hub.Hub {
	h := hub.New(hub.Config{}, j, verifyFunc(readToken), m, slog.New(slog.DiscardHandler))
	h.Tune(hub.Tuning{NoThrottle: true}) // a benchmark does not wait
	return h
}

// upgradeRequest returns a request as net/http passes it to a handler.
func upgradeRequest(tb testing.TB) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", http.NoBody)
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	return r
}

// readOnly is a connection that reads from a pipe and discards writes.
type readOnly struct{ net.Conn }

func (readOnly) Write(p []byte) (int, error) { return io.Discard.Write(p) }

func BenchmarkParseMessage(b *testing.B) {
	message := []byte(bearer("eyJhbGciOiJSUzI1NiJ9." + fmt.Sprintf("%0600d", 1)))
	b.ReportAllocs()
	for b.Loop() {
		if protocol.Parse(message).Token == "" {
			b.Fatal("no token")
		}
	}
}
