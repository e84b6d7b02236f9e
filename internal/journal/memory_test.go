package journal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// filler appends events as a source does: no two share a text or uid.
type filler struct {
	journal *journal.Journal
	at      int64
	offset  uint64
	text    []byte
	most    int64 // greatest Stats.Bytes
}

func (f *filler) add(user, size int) {
	if len(f.text) < size {
		f.text = bytes.Repeat([]byte("x"), size)
	}
	m := journal.Message{Position: journal.Position{Offset: f.offset, Check: uint32(f.offset)}, At: f.at + int64(f.offset/1000)}
	if size > 0 {
		uid := event.UID(fmt.Sprintf("ID%011d", user))
		m.Events = []event.Event{{UID: uid, Kind: event.Order, Message: bytes.Clone(f.text[:size])}}
	}
	f.journal.Append(m)
	if f.offset++; f.offset%1000 == 0 {
		f.most = max(f.most, f.journal.Stats().Bytes)
	}
}

// full appends events of a size to users in turn until as many bytes as Memory
// have been dropped again.
func (f *filler) full(memory int64, users, size int) {
	for evicted := uint64(0); evicted*uint64(size+entryCost) < uint64(memory); evicted = f.journal.Stats().Evicted {
		for range 1000 {
			f.add(int(f.offset)%users, size)
		}
	}
}

// I7: whatever the window holds, the estimate does not exceed Memory, and the heap
// does not exceed the estimate by more than a tenth.
func TestMemory_EstimateIsWhatTheHeapTakes(t *testing.T) {
	const memory = 4 << 20
	for name, c := range map[string]struct {
		cfg  journal.Config
		fill func(*filler)
		none bool // Memory suffices for everything
	}{
		"one small event a user": {fill: func(f *filler) { f.full(memory, 1<<40, 40) }},
		"5000 users with full logs": {cfg: journal.Config{Size: 6}, none: true, fill: func(f *filler) {
			for range 50_000 {
				f.add(int(f.offset)%5000, 20)
			}
		}},
		"5000 users, 300 bytes": {fill: func(f *filler) { f.full(memory, 5000, 300) }},
		"100 users, 300 bytes":  {fill: func(f *filler) { f.full(memory, 100, 300) }},
		"one user": {none: true, fill: func(f *filler) {
			for range 25_000 {
				f.add(1, 300)
			}
		}},
		"large messages": {fill: func(f *filler) { f.full(memory, 100, 20_000) }},
		"large messages, just above a size class": {fill: func(f *filler) { f.full(memory, 100, 4097) }},
		"messages without events": {none: true, fill: func(f *filler) {
			for range 1_250_000 {
				f.add(0, 0)
			}
		}},
		"all sizes": {fill: func(f *filler) {
			random := rand.New(rand.NewPCG(1, 2))
			for range 50_000 {
				f.add(random.IntN(150)*random.IntN(150), 1+random.IntN(30)*random.IntN(30))
			}
		}},
		"logs that shrink": {fill: func(f *filler) {
			f.full(memory, 2500, 40)
			f.full(memory/8, 5, 40) // the other logs shrink slowly, the oldest first
		}},
		"few after many": {fill: func(f *filler) {
			f.full(memory, 1<<40, 40)
			for range 500 {
				f.add(int(f.offset)%100, 20_000)
			}
		}},
		"most gone by age": {cfg: journal.Config{TTL: time.Minute}, none: true, fill: func(f *filler) {
			f.full(memory, 1<<40, 40)
			f.at += 59_000
			for range 2_500 {
				f.add(int(f.offset), 40)
			}
			f.at += 59_000
			f.add(0, 0)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Memory = memory
			before := heap()
			f := &filler{journal: journal.New(c.cfg), at: 1_700_000_000_000}
			c.fill(f)
			stats := f.journal.Stats()
			f.text = nil
			took := heap() - before
			runtime.KeepAlive(f)
			t.Logf("estimate %d KiB, heap %d KiB: %.3f; %d entries, %d logs, %d messages", stats.Bytes>>10, took>>10,
				float64(took)/float64(stats.Bytes), stats.Entries, f.journal.Logs(), stats.Messages)
			if f.most > memory || stats.Bytes > memory {
				t.Errorf("the estimate was %d bytes, want at most %d", f.most, memory)
			}
			if stats.Bytes < memory*9/10 && !c.none {
				t.Errorf("the estimate is %d bytes, want about %d", stats.Bytes, memory)
			}
			if most := stats.Bytes*11/10 + 32<<10; took > most {
				t.Errorf("the heap grew by %d bytes, want at most %d", took, most)
			}
		})
	}
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC() // sweeps what the first one found
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
