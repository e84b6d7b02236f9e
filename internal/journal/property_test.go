package journal_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

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
	offset  uint64 // of the next message
	salt    uint32 // makes every check another
}

// I3: whatever is appended, read and dropped in whatever order, a cursor reads
// its user's entries in order, each once, or is told that it cannot.
func TestJournalIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := journal.Config{
			TTL:    time.Duration(rapid.SampledFrom([]int{1, 5, 60}).Draw(t, "ttl")) * time.Second,
			Size:   rapid.IntRange(1, 6).Draw(t, "size"),
			Memory: int64(rapid.SampledFrom([]int{500, 2000, 64 * 300, 1 << 20}).Draw(t, "memory")),
		}
		m := &machine{journal: journal.New(cfg), model: model{cfg: cfg}, at: 1_700_000_000_000}
		t.Repeat(map[string]func(*rapid.T){
			"append":    m.append,
			"again":     m.again,
			"wait":      m.wait,
			"jump":      func(t *rapid.T) { m.offset += uint64(rapid.IntRange(0, 1).Draw(t, "jump")) },
			"reset":     m.reset,
			"subscribe": m.subscribe,
			"read":      m.read,
			"close":     m.close,
			"":          m.check,
		})
	})
}

func user(t *rapid.T) event.UID {
	return rapid.SampledFrom([]event.UID{"a", "b", "c", "d"}).Draw(t, "uid")
}

func (m *machine) append(t *rapid.T) {
	m.salt++
	msg := journal.Message{Position: journal.Position{Offset: m.offset, Check: m.salt}, At: m.at, Gap: rapid.IntRange(0, 19).Draw(t, "gap") == 0}
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		uid := user(t)
		if !slices.ContainsFunc(msg.Events, func(e event.Event) bool { return e.UID == uid }) {
			body := make([]byte, rapid.SampledFrom([]int{1, 100, 700}).Draw(t, "bytes"))
			msg.Events = append(msg.Events, event.Event{UID: uid, Kind: event.Order, Message: body})
		}
	}
	m.offset++
	got, want := m.journal.Append(msg), m.model.append(msg)
	if got != want {
		t.Fatalf("Append(%d) = %v, want %v", msg.Offset, got, want)
	}
}

// again appends what is there already.
func (m *machine) again(t *rapid.T) {
	last, ok := m.model.last()
	if !ok {
		t.Skip("there is nothing yet") //nolint:forbidigo // rapid's word for a step that does not apply
	}
	offset := last.Offset - min(last.Offset, uint64(rapid.IntRange(0, 3).Draw(t, "back")))
	if m.journal.Append(journal.Message{Position: journal.Position{Offset: offset, Check: 9}, At: m.at}) {
		t.Fatalf("offset %d was taken after %d", offset, last.Offset)
	}
}

func (m *machine) wait(t *rapid.T) {
	m.at += rapid.SampledFrom([]int64{1, 500, 1000, 4000, 59_999}).Draw(t, "ms")
}

func (m *machine) reset(t *rapid.T) {
	m.journal.Reset()
	m.model.reset()
	m.offset = uint64(rapid.IntRange(0, 5).Draw(t, "offset"))
}

func (m *machine) subscribe(t *rapid.T) {
	p := &place{uid: user(t)}
	p.cursor = m.journal.Subscribe(p.uid, &waker{})
	p.next = len(m.model.unread(p))
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
	unread := m.model.unread(p)
	if len(unread) > 0 && unread[0].gone {
		if !errors.Is(err, journal.ErrBehind) {
			t.Fatalf("Read() = %d, %v; want ErrBehind", n, err)
		}
		return
	}
	if err != nil || n != min(len(dst), len(unread)) {
		t.Fatalf("Read() = %d, %v; want %d, nil", n, err, min(len(dst), len(unread)))
	}
	for i, e := range dst[:n] {
		if e.Offset != unread[i].offset || e.At != unread[i].at {
			t.Fatalf("read offset %d of %d, want %d of %d", e.Offset, e.At, unread[i].offset, unread[i].at)
		}
	}
	p.next += n
}

func (m *machine) close(t *rapid.T) {
	p := m.pick(t)
	p.cursor.Close()
	m.cursors = slices.DeleteFunc(m.cursors, func(c *place) bool { return c == p })
}

// check compares what the two hold.
func (m *machine) check(t *rapid.T) {
	held, stats := m.model.held(""), m.journal.Stats()
	got := fmt.Sprint(stats.Entries, stats.Bytes, stats.Evicted, m.journal.Logs())
	logs := map[event.UID]bool{}
	for _, e := range held {
		logs[e.uid] = true
	}
	for _, p := range m.cursors {
		logs[p.uid] = true
	}
	if want := fmt.Sprint(len(held), sum(held), m.model.evicted, len(logs)); got != want {
		t.Fatalf("entries, bytes, evicted and logs are %s, want %s", got, want)
	}
	if most := 2*len(held) + journal.SpareQueue; m.journal.Queue() > most {
		t.Fatalf("%d places for %d entries", m.journal.Queue(), len(held))
	}
	last, ok := m.model.last()
	if p, held := m.journal.Last(); held != ok || ok && p != last.Position {
		t.Fatalf("Last() = %v, %v; want %v", p, held, ok)
	}
	if !ok {
		return
	}
	m.checkFloor(t, stats.Floor)
	m.checkSpine(t)
}

// checkFloor: from the floor on nothing is missing but by a log's own bound,
// and the floor is no higher than it must be.
func (m *machine) checkFloor(t *rapid.T, floor uint64) {
	last, _ := m.model.last()
	before := last.at - m.model.cfg.TTL.Milliseconds()
	needed := floor == 0
	for _, r := range m.model.log {
		if r.run != last.run {
			continue
		}
		first := r.Offset == floor && !slices.ContainsFunc(m.model.log, func(o *record) bool {
			return o.run == r.run && o.Offset < r.Offset
		})
		// Of a hole before it, the floor may be either end.
		next := r.Offset < floor && !slices.ContainsFunc(m.model.log, func(o *record) bool {
			return o.run == r.run && r.Offset < o.Offset && o.Offset < floor
		})
		needed = needed || first || next && r.at <= before
	}
	for _, e := range m.model.entries {
		if e.stream != m.model.stream {
			continue
		}
		if e.shared && e.offset >= floor {
			t.Fatalf("offset %d was dropped, but the floor is %d", e.offset, floor)
		}
		needed = needed || e.shared && e.offset+1 == floor
	}
	if !needed {
		t.Fatalf("nothing before the floor %d is missing", floor)
	}
}

// checkSpine: a position of the window holds, and none of another stream, or
// with another check.
func (m *machine) checkSpine(t *rapid.T) {
	last, _ := m.model.last()
	for _, r := range m.model.log {
		holds := m.journal.Holds(r.Position)
		if r.run != last.run && holds {
			t.Fatalf("%v of another stream holds", r.Position)
		}
		if r.run == last.run && r.at > last.at-m.model.cfg.TTL.Milliseconds() && !holds {
			t.Fatalf("%v does not hold", r.Position)
		}
		if m.journal.Holds(journal.Position{Offset: r.Offset, Check: ^r.Check}) {
			t.Fatalf("%v holds with another check", r.Position)
		}
	}
}
