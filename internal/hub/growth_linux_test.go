package hub_test

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// BenchmarkGrowth measures what sockets cost, by their number. Each is authenticated, for
// another user. It opens no descriptor for each, so there may be a million: writes go to
// /dev/null, nothing is read, and a socket has no goroutine, as if it were parked.
func BenchmarkGrowth(b *testing.B) {
	null := devNull(b)
	for _, sockets := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			var c *crowd
			b.Run("connect", func(b *testing.B) {
				uids := make([]event.UID, sockets)
				measureSockets(b, sockets, func() { c = newCrowd(b, null, uids) }, func() { c = nil })
			})
			for range 2 * windowMemory / len(sample) / 256 { // from now on each event drops another
				c.deliver(256)
			}
			b.Run("deliver", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.deliver(1)
				}
			})
			b.Run("flood", func(b *testing.B) { c.flood(b) })
			b.Run("subscribe", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.journal.Subscribe(c.randomUser(), idle{}).Close()
				}
			})
			b.Run("sweep", func(b *testing.B) {
				now := time.Now()
				for b.Loop() {
					c.hub.Sweep(now)
				}
				reportEach(b, sockets, "ns/socket")
			})
			b.Run("locked", func(b *testing.B) {
				for b.Loop() {
					c.hub.Copy()
				}
			})
			b.Run("announce", func(b *testing.B) { c.announce(b) })
		})
	}
}

// flood delivers 256 events at a time, so that writers need not start for each.
func (c *crowd) flood(b *testing.B) {
	const events = 256
	for b.Loop() {
		c.deliver(events)
	}
	reportEach(b, events, "ns/event")
}

// announce appends gaps of all users. No client reads them.
func (c *crowd) announce(b *testing.B) {
	for b.Loop() {
		c.offset++
		c.journal.Append(journal.Message{Position: journal.Position{Offset: c.offset}, At: int64(c.offset / 40), Gap: []byte("{}")})
	}
	reportEach(b, len(c.uids), "ns/socket")
}

// BenchmarkGrowthOfReaders measures what a socket costs that keeps its reader's goroutine,
// as with TLS.
func BenchmarkGrowthOfReaders(b *testing.B) {
	for _, sockets := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			var h *hub.Hub
			var quiet chan struct{}
			end := func() {
				if h != nil {
					close(quiet)
					h.Wait()
					h = nil
				}
			}
			measureSockets(b, sockets, func() {
				quiet = make(chan struct{})
				h = newHub(journal.New(journal.Config{}), &counters{})
				for i := range sockets {
					r := upgradeRequest(b)
					r.Header.Set("Authorization", fmt.Sprintf("Bearer ID%011d", i))
					h.ServeHTTP(wired{httptest.NewRecorder(), silent{quiet: quiet}}, r)
				}
			}, end)
			end()
		})
	}
}

// silent is a connection that ends when quiet is closed; before that nothing comes.
type silent struct {
	absent
	quiet chan struct{}
}

func (s silent) Read([]byte) (int, error)      { <-s.quiet; return 0, io.EOF }
func (silent) Write(p []byte) (int, error)     { return len(p), nil }
func (silent) SetReadDeadline(time.Time) error { return nil }
func (silent) Close() error                    { return nil }
func (silent) RemoteAddr() net.Addr            { return &net.TCPAddr{} }

// measureSockets reports the time and memory of opening so many sockets.
func measureSockets(b *testing.B, sockets int, open, end func()) {
	b.Helper()
	var took int64
	for b.Loop() {
		b.StopTimer()
		end()
		before := inUse()
		b.StartTimer()
		open()
		b.StopTimer()
		took = inUse() - before
		b.StartTimer()
	}
	reportEach(b, sockets, "ns/socket")
	b.ReportMetric(float64(took)/float64(sockets), "B/socket")
}

// reportEach reports the time of one of n things that an iteration does.
func reportEach(b *testing.B, n int, unit string) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), unit)
	b.ReportMetric(0, "ns/op")
}

// inUse returns the memory of heap and stacks after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // sweeps what the first one found
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
