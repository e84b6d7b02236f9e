package journal_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// machine runs a journal and its model side by side.
type machine struct {
	journal *journal.Journal
	model   model
	cursors []*place
	at      int64
	offset  uint64             // of the next message
	salt    uint32             // makes each check unique
	seen    []journal.Position // all that were appended
}

// I2, I3: whatever is appended, truncated, read and dropped, in any order, a cursor
// reads its user's entries, and the gaps in their place, in order and each once, or
// gets ErrBehind; and it resumes if, and only if, it misses nothing.
func TestJournalIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := journal.Config{
			TTL:    time.Duration(rapid.SampledFrom([]int{1, 5, 60}).Draw(t, "ttl")) * time.Second,
			Size:   rapid.IntRange(1, 6).Draw(t, "size"),
			Memory: int64(rapid.SampledFrom([]int{1000, 4000, 64 * 500, 1 << 20}).Draw(t, "memory")),
		}
		m := &machine{
			journal: journal.New(cfg), at: 1_700_000_000_000,
			model: model{cfg: cfg, since: map[event.UID]uint64{}},
		}
		t.Repeat(map[string]func(*rapid.T){
			"append":    m.append,
			"append ":   m.append, // twice as often
			"again":     m.again,
			"wait":      m.wait,
			"jump":      func(t *rapid.T) { m.offset += uint64(rapid.IntRange(0, 3).Draw(t, "jump")) },
			"truncate":  m.truncate,
			"subscribe": m.subscribe,
			"follow":    m.follow,
			"resume":    m.resume,
			"resume ":   m.resume,
			"read":      m.read,
			"read ":     m.read,
			"reached":   m.reached,
			"before":    m.before,
			"close":     m.close,
			"":          m.check,
		})
	})
}

func user(t *rapid.T) event.UID {
	return rapid.SampledFrom([]event.UID{"a", "b", "c", "d", "e", "f"}).Draw(t, "uid")
}

func (m *machine) append(t *rapid.T) {
	m.salt++
	msg := journal.Message{
		Position: journal.Position{Offset: m.offset, Check: m.salt}, At: m.at,
		Lost: rapid.IntRange(0, 29).Draw(t, "lost") == 0,
	}
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		uid := user(t)
		if !slices.ContainsFunc(msg.Events, func(e event.Event) bool { return e.UID == uid }) {
			kind := rapid.SampledFrom([]event.Kind{event.Order, event.Trade, event.Announcement}).Draw(t, "kind")
			text := make([]byte, rapid.SampledFrom([]int{1, 100, 700}).Draw(t, "bytes"))
			msg.Events = append(msg.Events, event.Event{UID: uid, Kind: kind, Message: text})
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "gap") == 0 {
		msg.Gap = fmt.Appendf(nil, "gap %d", m.salt)
	}
	m.offset++
	got, want := m.journal.Append(msg), m.model.append(msg)
	if got != want {
		t.Fatalf("Append(%d) = %v, want %v", msg.Offset, got, want)
	}
	m.seen = append(m.seen, msg.Position)
}

// again appends an offset that is there already.
func (m *machine) again(t *rapid.T) {
	last, ok := m.model.last()
	if !ok {
		t.Skip("there is nothing yet") //nolint:forbidigo // rapid's word for a step that does not apply
	}
	offset := last.Offset - min(last.Offset, uint64(rapid.IntRange(0, 3).Draw(t, "back")))
	if m.journal.Append(journal.Message{Position: journal.Position{Offset: offset, Check: 9}, At: m.at}) {
		t.Fatalf("Append(%d) after %d = true, want false", offset, last.Offset)
	}
}

func (m *machine) wait(t *rapid.T) {
	m.at += rapid.SampledFrom([]int64{1, 500, 1000, 4000, 59_999}).Draw(t, "ms")
}

// truncate continues after the last message left, or anywhere if none is.
func (m *machine) truncate(t *rapid.T) {
	back := rapid.Uint64Range(0, 12).Draw(t, "back")
	offset := m.offset + 1 - min(m.offset+1, back)
	if rapid.IntRange(0, 4).Draw(t, "all") == 0 {
		offset = 0
	}
	got, want := m.journal.Truncate(offset), m.model.truncate(offset, m.cursors)
	if got != want {
		t.Fatalf("Truncate(%d) = %d, want %d", offset, got, want)
	}
	m.offset = uint64(rapid.IntRange(0, 5).Draw(t, "offset"))
	if last, ok := m.model.last(); ok {
		m.offset = last.Offset + 1 + m.offset/3
	}
}

func (m *machine) subscribe(t *rapid.T) {
	p := &place{uid: user(t), next: len(m.model.items)}
	p.cursor = m.journal.Subscribe(p.uid, &waker{})
	m.cursors = append(m.cursors, p)
}

func (m *machine) follow(t *rapid.T) {
	p := &place{uid: user(t), gaps: true, next: len(m.model.items)}
	var at, want journal.Position
	p.cursor, at = m.journal.SubscribeWithGaps(p.uid, &waker{})
	if last, ok := m.model.last(); ok {
		want = last.Position
	}
	if at != want {
		t.Fatalf("SubscribeWithGaps() begins after %v, want %v", at, want)
	}
	m.cursors = append(m.cursors, p)
}

// position returns one that was appended, or one like it.
func (m *machine) position(t *rapid.T) journal.Position {
	p := journal.Position{Offset: uint64(rapid.IntRange(0, 9).Draw(t, "offset"))}
	if n := len(m.seen); n > 0 {
		// Mostly one that may still be held: otherwise few would resume.
		p = m.seen[n-1-min(n-1, rapid.IntRange(0, 12).Draw(t, "back"))]
	}
	switch rapid.IntRange(0, 9).Draw(t, "other") {
	case 0:
		p.Check ^= 1 << rapid.IntRange(0, 31).Draw(t, "bit")
	case 1:
		p.Offset += uint64(rapid.IntRange(1, 20).Draw(t, "ahead"))
	case 2:
		p.Offset = rapid.SampledFrom([]uint64{0, journal.MaxOffset - 1, 1<<64 - 1}).Draw(t, "far")
	}
	return p
}

// resume resumes if, and only if, the model is complete and does not refuse.
func (m *machine) resume(t *rapid.T) {
	p, after := &place{uid: user(t), gaps: true}, m.position(t)
	c, until, ok := m.journal.Resume(p.uid, &waker{}, after)
	complete := m.model.holds(after) && m.model.complete(p.uid, after.Offset)
	if want := complete && !m.model.refuses(after.Offset); ok != want {
		t.Fatalf("%s resumes after %v: %v, want %v", p.uid, after, ok, want)
	}
	if !ok {
		if c != nil || until != (journal.Position{}) {
			t.Fatalf("Resume() = %v, %v, false", c, until)
		}
		return
	}
	if last, _ := m.model.last(); until != last.Position {
		t.Fatalf("Resume() is up to %v, want %v", until, last.Position)
	}
	p.cursor, p.next = c, m.model.firstAfter(after.Offset)
	m.cursors = append(m.cursors, p)
}

func (m *machine) pick(t *rapid.T) *place {
	if len(m.cursors) == 0 {
		t.Skip("there is no cursor") //nolint:forbidigo // rapid's word for a step that does not apply
	}
	return rapid.SampledFrom(m.cursors).Draw(t, "cursor")
}

func (m *machine) read(t *rapid.T) {
	p := m.pick(t)
	dst := make([]journal.Entry, rapid.IntRange(0, 4).Draw(t, "room"))
	n, err := p.cursor.Read(dst)
	unread, next, gone := m.model.unread(p)
	if gone {
		if n != 0 || !errors.Is(err, journal.ErrBehind) {
			t.Fatalf("Read() = %d, %v; want ErrBehind", n, err)
		}
		return
	}
	if err != nil || n != min(len(dst), len(unread)) {
		t.Fatalf("Read() = %d, %v; want %d, nil", n, err, min(len(dst), len(unread)))
	}
	if n > 0 {
		p.next = next[n-1]
	}
	if diff := cmp.Diff(unread[:n], dst[:n], cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("entries read (-want +got):\n%s", diff)
	}
}

// reached compares whether a cursor has read everything.
func (m *machine) reached(t *rapid.T) {
	p := m.pick(t)
	got, ok := p.cursor.Reached()
	unread, _, gone := m.model.unread(p)
	last, some := m.model.last()
	if want := some && !gone && len(unread) == 0; ok != want || ok && got != last.Position {
		t.Fatalf("Reached() = %v, %v; want %v, with %d unread, gone: %v", got, ok, want, len(unread), gone)
	}
}

// before compares the newest event before the cursor that matches.
func (m *machine) before(t *rapid.T) {
	p := m.pick(t)
	kind := rapid.SampledFrom([]event.Kind{event.Order, event.Trade, event.Announcement}).Draw(t, "kind")
	short := rapid.Bool().Draw(t, "short")
	match := func(e *journal.Entry) bool { return e.Kind == kind && len(e.Message) == 1 == short }
	var want *journal.Entry
	for _, e := range m.model.items[:p.next] {
		if e.uid == p.uid && !e.gone && kind != event.Announcement && match(&e.Entry) {
			want = &e.Entry
		}
	}
	got, ok := p.cursor.Before(match)
	if ok != (want != nil) {
		t.Fatalf("Before() = %v, %v, want %v", got, ok, want)
	}
	if ok && cmp.Diff(*want, got) != "" {
		t.Fatalf("Before() = %v, want %v", got, *want)
	}
}

func (m *machine) close(t *rapid.T) {
	p := m.pick(t)
	p.cursor.Close()
	m.cursors = slices.DeleteFunc(m.cursors, func(c *place) bool { return c == p })
}

// check compares what journal and model hold.
func (m *machine) check(t *rapid.T) {
	held, stats := m.model.held("*"), m.journal.Stats()
	full, logs := map[event.UID]bool{}, map[event.UID]bool{}
	for _, e := range held {
		full[e.uid], logs[e.uid] = true, true
	}
	for _, p := range m.cursors {
		logs[p.uid] = true
		if got := p.cursor.Truncations(); got != p.truncations {
			t.Fatalf("Truncations() = %d, want %d", got, p.truncations)
		}
	}
	heads, _ := m.journal.Heads()
	got := fmt.Sprint(stats.Messages, stats.Entries, stats.Bytes, stats.Evicted, m.journal.Logs(), heads)
	want := fmt.Sprint(len(m.model.index), len(held), m.model.bytes(), m.model.evicted, len(logs), len(full))
	if got != want {
		t.Fatalf("messages, entries, bytes, evicted, logs and heads are %s, want %s", got, want)
	}
	for _, e := range m.model.items {
		if e.shared && e.Offset >= stats.CompleteFrom {
			t.Fatalf("offset %d was dropped, but CompleteFrom is %d", e.Offset, stats.CompleteFrom)
		}
	}
	m.checkIndex(t)
}

// checkIndex checks that the positions of the window are held, and no others.
func (m *machine) checkIndex(t *rapid.T) {
	var first, last journal.Position
	if n := len(m.model.index); n > 0 {
		first, last = m.model.index[0].Position, m.model.index[n-1].Position
	}
	any := len(m.model.index) > 0
	if p, ok := m.journal.First(); ok != any || p != first {
		t.Fatalf("First() = %v, %v; want %v", p, ok, first)
	}
	if p, ok := m.journal.Last(); ok != any || p != last {
		t.Fatalf("Last() = %v, %v; want %v", p, ok, last)
	}
	for _, p := range m.seen {
		if got, want := m.journal.Holds(p), m.model.holds(p); got != want {
			t.Fatalf("Holds(%v) = %v, want %v", p, got, want)
		}
		if m.journal.Holds(journal.Position{Offset: p.Offset, Check: ^p.Check}) {
			t.Fatalf("Holds(%v with another check) = true, want false", p)
		}
		if got, want := m.journal.Ahead(p), !any || p.Offset > last.Offset; got != want {
			t.Fatalf("Ahead(%v) = %v, want %v", p, got, want)
		}
		m.checkNext(t, p)
	}
}

// checkNext checks that Next finds the message after an offset.
func (m *machine) checkNext(t *rapid.T, p journal.Position) {
	i := slices.IndexFunc(m.model.index, func(r *record) bool { return r.Offset > p.Offset })
	got, ok := m.journal.Next(p.Offset)
	if ok != (i >= 0) || ok && got != m.model.index[i].Position {
		t.Fatalf("Next(%d) = %v, %v; want a message: %v", p.Offset, got, ok, i >= 0)
	}
}
