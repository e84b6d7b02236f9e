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
	"ranger/internal/journal"
)

// sample is an event of a usual size.
var sample = fmt.Appendf(nil, `{"trade":{"id":%0300d}}`, 1)

func BenchmarkAppendFrame(b *testing.B) {
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	b.SetBytes(int64(len(sample)))
	for b.Loop() {
		buf = hub.AppendFrame(buf[:0], sample)
	}
}

// sink is a connection that takes everything.
type sink struct{ net.Conn }

func (sink) Write(p []byte) (int, error)      { return len(p), nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }
func (sink) SetReadDeadline(time.Time) error  { return nil }

// One write of so many events that wait.
func BenchmarkWrite(b *testing.B) {
	for _, events := range []int{1, 64} {
		b.Run(fmt.Sprint("events=", events), func(b *testing.B) {
			j := journal.New(journal.Config{Size: 64 * 1000, Memory: 8 << 30})
			h := newHub(j, &counters{})
			w := h.NewWriter("alice", sink{})
			offset, waiting := uint64(0), 0
			b.ReportAllocs()
			b.SetBytes(int64(events * len(sample)))
			for b.Loop() {
				if waiting == 0 {
					b.StopTimer()
					for ; waiting < 1000; waiting++ {
						for range events {
							offset = feed(j, offset)
						}
					}
					b.StartTimer()
				}
				if err := w.Write(); err != nil {
					b.Fatal(err)
				}
				waiting--
			}
		})
	}
}

func feed(j *journal.Journal, offset uint64) uint64 {
	j.Append(journal.Message{
		Position: journal.Position{Offset: offset}, At: 1,
		Events: []event.Event{{UID: "alice", Kind: event.Trade, Message: sample}},
	})
	return offset + 1
}

// arrivals counts down the events written.
type arrivals struct {
	counters
	sync.WaitGroup
}

func (a *arrivals) Delivered(n int) { a.Add(-n) }

// One event, from Append until it is written to all sockets of its user.
func BenchmarkDeliver(b *testing.B) {
	for _, sockets := range []int{1, 100} {
		b.Run(fmt.Sprint("sockets=", sockets), func(b *testing.B) {
			j := journal.New(journal.Config{})
			a := &arrivals{}
			h := newHub(j, a)
			var clients []net.Conn
			for range sockets {
				client, server := net.Pipe()
				r := upgradeRequest(b)
				r.Header.Set("Authorization", "Bearer alice")
				h.ServeHTTP(wired{httptest.NewRecorder(), readOnly{server}}, r)
				clients = append(clients, client)
			}
			offset := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				a.Add(sockets)
				offset = feed(j, offset)
				a.Wait()
			}
			for _, c := range clients {
				_ = c.Close()
			}
			h.Wait()
		})
	}
}

func newHub(j *journal.Journal, m hub.Metrics) *hub.Hub {
	return hub.New(hub.Config{}, j, verifyFunc(readToken), m, slog.New(slog.DiscardHandler))
}

// upgradeRequest is one as net/http hands it over.
func upgradeRequest(tb testing.TB) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", http.NoBody)
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
	}
	return r
}

// readOnly is a connection that reads from a pipe, and writes to nowhere.
type readOnly struct{ net.Conn }

func (readOnly) Write(p []byte) (int, error) { return io.Discard.Write(p) }

func BenchmarkParseMessage(b *testing.B) {
	message := []byte(bearer("eyJhbGciOiJSUzI1NiJ9." + fmt.Sprintf("%0600d", 1)))
	b.ReportAllocs()
	for b.Loop() {
		if token, _ := hub.ParseMessage(message); token == "" {
			b.Fatal("no token")
		}
	}
}
