package hub_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// windowMemory is the memory of the window, the same for all numbers of sockets.
const windowMemory = 32 << 20

// crowd is a hub with a socket for each of many users.
type crowd struct {
	hub     *hub.Hub
	journal *journal.Journal
	arrived *arrivals
	uids    []event.UID
	random  *rand.Rand
	offset  uint64
}

func newCrowd(tb testing.TB, raw syscall.RawConn, uids []event.UID) *crowd {
	tb.Helper()
	c := &crowd{journal: journal.New(journal.Config{Memory: windowMemory}), arrived: &arrivals{}, uids: uids, random: rand.New(rand.NewPCG(1, 2))}
	c.hub = newHub(c.journal, c.arrived)
	r := upgradeRequest(tb)
	for i := range uids {
		uids[i] = event.UID(fmt.Sprintf("ID%011d", i))
		if err := c.hub.OpenParked(lent{}, r, uids[i], raw); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

// deliver appends so many events of random users, and waits until all are written.
func (c *crowd) deliver(events int) {
	c.arrived.Add(events)
	for range events {
		c.offset++
		c.journal.Append(journal.Message{
			Position: journal.Position{Offset: c.offset}, At: int64(c.offset / 40), // 40,000 a second
			Events: []event.Event{{UID: c.randomUser(), Kind: event.Trade, Message: sample}},
		})
	}
	c.arrived.Wait()
}

func (c *crowd) randomUser() event.UID { return c.uids[c.random.IntN(len(c.uids))] }

// idle is a waker that does nothing.
type idle struct{}

func (idle) Wake(int) bool { return false }

func devNull(tb testing.TB) descriptor {
	tb.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return descriptor(f.Fd())
}

// descriptor is a RawConn that several sessions share.
type descriptor uintptr

func (d descriptor) Control(f func(uintptr)) error { f(uintptr(d)); return nil }

func (d descriptor) Read(func(uintptr) bool) error { return nil }

func (d descriptor) Write(func(uintptr) bool) error { return nil }

// lent is a response with a connection that takes no memory.
type lent struct{ http.ResponseWriter }

func (lent) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return absent{}, bufio.NewReadWriter(bufio.NewReader(absent{}), bufio.NewWriter(io.Discard)), nil
}

type absent struct{ net.Conn }

func (absent) Read([]byte) (int, error)         { return 0, io.EOF }
func (absent) Close() error                     { return nil }
func (absent) SetDeadline(time.Time) error      { return nil }
func (absent) SetWriteDeadline(time.Time) error { return nil }

func TestSweep_ChecksEverySocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sockets = 5003
		writes := new(atomic.Int64)
		c := newCrowd(t, counted{devNull(t), writes}, make([]event.UID, sockets))
		synctest.Wait()
		before := writes.Load()
		<-time.After(31 * time.Second)
		c.hub.Sweep(time.Now())
		synctest.Wait()
		if got := writes.Load() - before; got != sockets {
			t.Errorf("%d pings were written, want %d", got, sockets)
		}
	})
}

// counted is a descriptor that counts writes.
type counted struct {
	descriptor
	writes *atomic.Int64
}

func (c counted) Control(f func(uintptr)) error { c.writes.Add(1); return c.descriptor.Control(f) }
