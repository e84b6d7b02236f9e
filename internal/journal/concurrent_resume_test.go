package journal_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// read is one entry that a reader has read: the check of its message, which is unique,
// and whether it is the gap before the events.
type read struct {
	message uint32
	gap     bool
}

// stretch is what a reader read without interruption: with one cursor, or with several,
// each resumed at the end of the one before.
type stretch struct {
	uid    event.UID
	reads  []read
	joints []joint
	ended  bool // by ErrBehind or a refusal; otherwise it has reached the end
}

// joint is the place of a stretch at which a cursor began.
type joint struct {
	index      int    // in reads
	after      uint32 // the message after which it began, 0 for none
	done, some int32  // truncations that were done before, and those that had begun
}

// I2, I3, I4: one goroutine appends, with gaps, and truncates; readers come and go, and
// resume. Each reads its entries in order and once. What it misses was truncated, or
// it was refused.
func TestResume_ConcurrentReadersMissOnlyTruncatedEntries(t *testing.T) {
	const (
		users    = 4
		readers  = 12
		messages = 12_000
	)
	j := journal.New(journal.Config{Size: 150, TTL: 500 * time.Millisecond})
	h := &history{removedBy: make([]int32, messages+1)}
	done := make(chan struct{})
	var group sync.WaitGroup
	all := make([][]stretch, readers)
	for i := range readers {
		group.Go(func() {
			r := &reader{journal: j, history: h, random: rand.New(rand.NewPCG(uint64(i), 7)), done: done}
			all[i] = r.run(event.UID(fmt.Sprint("user ", i%users)), i < 2*users)
		})
	}
	h.append(j, users, messages)
	close(done)
	group.Wait()
	kinds := [3]int{}
	for _, stretches := range all {
		for _, s := range stretches {
			h.check(t, &s)
			switch {
			case s.ended:
				kinds[0]++
			case len(s.joints) > 1:
				kinds[1]++
			default:
				kinds[2]++
			}
		}
	}
	t.Logf("%d stretches were ended, %d with resumes reached the end, %d with one cursor did", kinds[0], kinds[1], kinds[2])
	if kinds[0] == 0 || kinds[1] == 0 {
		t.Errorf("%d stretches were ended and %d resumed, want some of both", kinds[0], kinds[1])
	}
}

// history is all that was ever appended.
type history struct {
	begun, done atomic.Int32 // numbers of truncations
	items       []happened   // owned by the goroutine that appends, until the end
	removedBy   []int32      // likewise: the truncation that removed each message, from 1 on
}

type happened struct {
	read

	uid event.UID // empty for all users
}

// append appends messages. The check of each is its number, from 1 on.
func (h *history) append(j *journal.Journal, users, messages int) {
	random := rand.New(rand.NewPCG(1, 2))
	var stream []uint32 // its messages, oldest first
	var offsets []uint64
	offset := uint64(0)
	for n := uint32(1); n <= uint32(messages); n++ {
		m := journal.Message{Position: journal.Position{Offset: offset, Check: n}, At: int64(n / 4)}
		if random.IntN(20) == 0 {
			m.Gap = strconv.AppendUint(nil, uint64(n), 10)
			h.items = append(h.items, happened{read{n, true}, ""})
		}
		for u := range users {
			if uid := event.UID(fmt.Sprint("user ", u)); random.IntN(3) == 0 {
				m.Events = append(m.Events, event.Event{UID: uid, Kind: event.Order})
				h.items = append(h.items, happened{read{n, false}, uid})
			}
		}
		j.Append(m)
		if n%8 == 0 {
			runtime.Gosched() // some readers keep up
		}
		stream, offsets = append(stream, n), append(offsets, offset)
		offset += 1 + uint64(random.IntN(8)/7)
		if random.IntN(150) == 0 {
			keep := len(stream) - 1 - random.IntN(min(len(stream), 1+random.IntN(40)))
			truncation := h.begun.Add(1)
			for _, n := range stream[keep:] {
				h.removedBy[n] = truncation
			}
			offset = offsets[keep]
			stream, offsets = stream[:keep], offsets[:keep]
			j.Truncate(offset)
			h.done.Add(1)
		}
	}
}

// check compares a stretch with what was appended.
func (h *history) check(tb testing.TB, s *stretch) {
	tb.Helper()
	var own []read
	for _, e := range h.items {
		if e.uid == "" || e.uid == s.uid {
			own = append(own, e.read)
		}
	}
	next := sort.Search(len(own), func(i int) bool { return own[i].message > s.joints[0].after })
	for k, at := range s.joints {
		end := len(s.reads)
		if k+1 < len(s.joints) {
			end = s.joints[k+1].index
		}
		if next < len(own) && own[next].message <= at.after {
			tb.Errorf("%s resumed after message %d and had not read %v", s.uid, at.after, own[next])
			return
		}
		// A cursor does not read what was truncated before it began. If something
		// unread is truncated later, the stretch ends.
		skip := func(upTo func(read) bool) {
			for next < len(own) && !upTo(own[next]) && h.removedBy[own[next].message] != 0 && h.removedBy[own[next].message] <= at.some {
				next++
			}
		}
		for i, got := range s.reads[at.index:end] {
			skip(func(r read) bool { return r == got })
			if next == len(own) || own[next] != got {
				tb.Errorf("%s read %v as number %d after message %d, want %v", s.uid, got, i, at.after, own[next:min(next+1, len(own))])
				return
			}
			if by := h.removedBy[got.message]; by != 0 && by <= at.done {
				tb.Errorf("%s read %v, which was truncated before", s.uid, got)
			}
			next++
		}
		skip(func(r read) bool { return k+1 < len(s.joints) && r.message > s.joints[k+1].after })
	}
	if next != len(own) && !s.ended {
		tb.Errorf("%s has not read %v and %d more entries", s.uid, own[next], len(own)-next-1)
	}
}

// reader reads one user's entries, and resumes now and then.
type reader struct {
	journal *journal.Journal
	history *history
	random  *rand.Rand
	done    <-chan struct{} // closed when everything was appended
	cursor  *journal.Cursor
	bell    bell
	at      journal.Position // position at which it would resume
	whole   int              // number of reads of the stretch up to there
	stretch stretch

	resumedLast bool // it has resumed, or tried to, when everything was appended
}

func (r *reader) run(uid event.UID, patient bool) (stretches []stretch) {
	r.bell = make(bell, 1)
	for {
		r.stretch = stretch{uid: uid}
		done := r.history.done.Load()
		r.cursor, r.at = r.journal.SubscribeWithGaps(uid, r.bell)
		r.whole = 0
		r.join(done)
		end := r.follow(uid, patient)
		r.cursor.Close()
		r.stretch.ended = !end
		stretches = append(stretches, r.stretch)
		if end {
			return stretches
		}
	}
}

func (r *reader) join(done int32) {
	r.stretch.joints = append(r.stretch.joints, joint{len(r.stretch.reads), r.at.Check, done, r.history.begun.Load()})
}

// follow reads, and resumes at random; a patient reader also once when everything was
// appended. It reports whether it has read everything.
func (r *reader) follow(uid event.UID, patient bool) bool {
	dst := make([]journal.Entry, 9)
	for last, due := false, false; ; {
		n, err := r.cursor.Read(dst[:1+r.random.IntN(len(dst))])
		if errors.Is(err, journal.ErrBehind) {
			return false
		}
		r.take(dst[:n])
		switch {
		case due || r.random.IntN(20) == 0:
			var ok bool
			due = false
			r.cursor.Close()
			if r.cursor, _, ok = r.resume(uid); !ok {
				return false
			}
		case n > 0:
		case last:
			return true
		case patient || r.random.IntN(4) > 0:
			select {
			case <-r.bell:
			case <-r.done:
				last, due = true, patient && !r.resumedLast // reads what was appended before
				r.resumedLast = true
			}
		}
	}
}

func (r *reader) take(entries []journal.Entry) {
	for i := range entries {
		e := &entries[i]
		whole := len(r.stretch.reads) + 1
		if e.Kind != event.Announcement {
			r.stretch.reads = append(r.stretch.reads, read{e.Check, false})
		} else {
			n, _ := strconv.ParseUint(string(e.Message), 10, 32)
			r.stretch.reads = append(r.stretch.reads, read{uint32(n), true})
			switch e.Check {
			case uint32(n):
			case 0: // no message precedes it
				continue
			default: // a resume there reads it again
				whole--
			}
		}
		r.at, r.whole = e.Position(), whole
	}
	// As a heartbeat of a session does.
	if p, ok := r.cursor.Reached(); ok && r.random.IntN(3) == 0 {
		r.at, r.whole = p, len(r.stretch.reads)
	}
}

// resume resumes after the last message of which it has read everything.
func (r *reader) resume(uid event.UID) (*journal.Cursor, journal.Position, bool) {
	done := r.history.done.Load()
	c, until, ok := r.journal.Resume(uid, r.bell, r.at)
	if !ok {
		return r.cursor, until, false
	}
	r.stretch.reads = r.stretch.reads[:r.whole]
	r.join(done)
	return c, until, true
}
