package hub_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// A session above 250 events/s writes on the goroutine that appends only as one of the
// first four of a batch, and otherwise does not count for the limit.
func TestWake_BusySessionWritesInlineOnlyAmongTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(journal.Config{})
		h := newHub(j, &counters{})
		null, request := devNull(t), upgradeRequest(t)
		writes := map[event.UID]*atomic.Int64{}
		open := func(uid event.UID) {
			writes[uid] = new(atomic.Int64)
			if err := h.OpenParked(lent{}, request, uid, counted{null, writes[uid]}); err != nil {
				t.Fatal(err)
			}
		}
		open("busy")
		open("idle")
		var all []event.UID
		for i := range 4 {
			uid := event.UID(fmt.Sprint("first ", i))
			open(uid)
			all = append(all, uid)
		}
		all = append(all, "busy", "idle")
		synctest.Wait()
		h.Tune(hub.Tuning{Writers: -1}) // only inline writes are made from now on
		for _, n := range writes {
			n.Store(0)
		}
		offset := uint64(0)
		add := func(more bool, uids ...event.UID) {
			m := journal.Message{Position: journal.Position{Offset: offset}, At: time.Now().UnixMilli(), MoreBuffered: more}
			for _, uid := range uids {
				m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Trade, Message: []byte("event")})
			}
			offset++
			j.Append(m)
		}
		want := func(when string, uid event.UID, want int64) {
			t.Helper()
			if got := writes[uid].Load(); got != want {
				t.Errorf("%s: %s has made %d inline writes, want %d", when, uid, got, want)
			}
		}
		for n := range 20 {
			add(n < 19, "busy")
		}
		want("20 events in a batch", "busy", 2)
		add(false, "busy")
		want("another batch, as the first", "busy", 3)
		add(false, all...)
		want("after four others", "first 3", 1)
		want("after four others", "busy", 3)
		want("after four others", "idle", 1)
	})
}
