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

// read is one entry as a reader met it: which message it is of, by its check,
// which no two messages share, and whether it is the gap before its events.
type read struct {
	message uint32
	gap     bool
}

// stretch is what a reader read with nothing between: with one cursor, or with
// several, each resumed where the one before it ended.
type stretch struct {
	uid    event.UID
	reads  []read
	joints []joint
	ended  bool // by ErrBehind, or a refusal; else it has reached the end
}

// joint is where a cursor began.
type joint struct {
	index      int    // in reads
	after      uint32 // the message behind which it did, 0 for none
	done, some int32  // of the cuts these were done before, and these had begun then
}

// I2, I3, I4: one goroutine appends, with gaps, and cuts; readers come and go,
// and resume where they were. Each reads what it is to read, in order and once;
// what it misses it was told of, or was cut.
func TestConcurrentResumes(t *testing.T) {
	const (
		users    = 4
		readers  = 12
		messages = 12_000
	)
	j := journal.New(journal.Config{Size: 150, TTL: 500 * time.Millisecond})
	h := &history{cut: make([]int32, messages+1)}
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
	t.Logf("%d stretches were ended, %d had resumes and reached the end, %d did with one cursor", kinds[0], kinds[1], kinds[2])
	if kinds[0] == 0 || kinds[1] == 0 {
		t.Error("nothing was missed, or nobody resumed: nothing was tried")
	}
}

// history is all that was ever appended.
type history struct {
	begun, done atomic.Int32 // number of cuts
	items       []happened   // owned by who appends, until all is over
	cut         []int32      // likewise: which cut took a message away, from 1 on
}

type happened struct {
	read

	uid event.UID // empty for everybody
}

// append appends messages of which each has its number, from 1 on, for a check.
func (h *history) append(j *journal.Journal, users, messages int) {
	random := rand.New(rand.NewPCG(1, 2))
	var stream []uint32 // the messages that stand in it, oldest first
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
			cut := h.begun.Add(1)
			for _, n := range stream[keep:] {
				h.cut[n] = cut
			}
			offset = offsets[keep]
			stream, offsets = stream[:keep], offsets[:keep]
			j.Cut(offset)
			h.done.Add(1)
		}
	}
}

// check holds a stretch against what was appended.
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
			tb.Errorf("%s went on behind message %d and had not read %v", s.uid, at.after, own[next])
			return
		}
		// What was cut before the cursor began it does not read; for what is cut
		// after that, and not read, it would have ended.
		skip := func(upTo func(read) bool) {
			for next < len(own) && !upTo(own[next]) && h.cut[own[next].message] != 0 && h.cut[own[next].message] <= at.some {
				next++
			}
		}
		for i, got := range s.reads[at.index:end] {
			skip(func(r read) bool { return r == got })
			if next == len(own) || own[next] != got {
				tb.Errorf("%s read %v, the %d. behind message %d; want %v", s.uid, got, i, at.after, own[next:min(next+1, len(own))])
				return
			}
			if cut := h.cut[got.message]; cut != 0 && cut <= at.done {
				tb.Errorf("%s read %v, which was cut before", s.uid, got)
			}
			next++
		}
		skip(func(r read) bool { return k+1 < len(s.joints) && r.message > s.joints[k+1].after })
	}
	if next != len(own) && !s.ended {
		tb.Errorf("%s has not read %v and %d more", s.uid, own[next], len(own)-next-1)
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
	at      journal.Position // behind which it would resume
	whole   int              // how many of the stretch's reads are up to there
	stretch stretch
}

func (r *reader) run(uid event.UID, patient bool) (stretches []stretch) {
	r.bell = make(bell, 1)
	for {
		r.stretch = stretch{uid: uid}
		done := r.history.done.Load()
		r.cursor, r.at = r.journal.Follow(uid, r.bell)
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

// follow reads, and resumes at random, until it has read all there will be, or
// cannot: then it returns false.
func (r *reader) follow(uid event.UID, patient bool) bool {
	dst := make([]journal.Entry, 9)
	for last := false; ; {
		n, err := r.cursor.Read(dst[:1+r.random.IntN(len(dst))])
		if errors.Is(err, journal.ErrBehind) {
			return false
		}
		r.take(dst[:n])
		switch {
		case r.random.IntN(20) == 0:
			var ok bool
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
				last = true // what was appended before is read yet
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
			case 0: // there is none before it
				continue
			default: // it is told again to who resumes there
				whole--
			}
		}
		r.at, r.whole = e.Position(), whole
	}
	// As a session does that tells its client how far it is.
	if p, ok := r.cursor.Reached(); ok && r.random.IntN(3) == 0 {
		r.at, r.whole = p, len(r.stretch.reads)
	}
}

// resume goes on behind the last message of which it has read all.
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
