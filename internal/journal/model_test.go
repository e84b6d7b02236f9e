package journal_test

import (
	"slices"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// model is a window without any cunning: it keeps every message ever appended,
// and marks what is gone.
type model struct {
	cfg     journal.Config
	log     []*record
	entries []*item
	evicted uint64
	run     int // of messages without a gap in one stream
	stream  int // grows with Reset
}

// record is a message.
type record struct {
	journal.Position

	at  int64
	run int
}

// item is one event of a message.
type item struct {
	uid    event.UID
	offset uint64
	at     int64
	cost   int64
	stream int
	gone   bool
	shared bool // gone by the bounds that all users share
}

func (m *model) last() (*record, bool) {
	if len(m.log) == 0 || m.log[len(m.log)-1].run < 0 {
		return nil, false
	}
	return m.log[len(m.log)-1], true
}

func (m *model) append(msg journal.Message) bool {
	last, ok := m.last()
	if ok && msg.Offset <= last.Offset {
		return false
	}
	if !ok || msg.Gap {
		m.run++
	}
	m.log = append(m.log, &record{Position: msg.Position, at: msg.At, run: m.run})
	for _, e := range msg.Events {
		m.entries = append(m.entries, &item{
			uid: e.UID, offset: msg.Offset, at: msg.At,
			cost: int64(len(e.Message)) + journal.EntryCost, stream: m.stream,
		})
		for own := m.held(e.UID); len(own) > m.cfg.Size || len(own) > 1 && sum(own) > m.cfg.Memory/64; own = own[1:] {
			own[0].gone = true
			m.evicted++
		}
	}
	for _, e := range m.held("") {
		old := e.at < msg.At-m.cfg.TTL.Milliseconds()
		if !old && sum(m.held("")) <= m.cfg.Memory {
			break
		}
		e.gone, e.shared = true, true
		if !old {
			m.evicted++
		}
	}
	return true
}

func (m *model) reset() {
	m.stream++
	m.run++
	for _, r := range m.log {
		r.run = -1
	}
}

// held returns the entries held, of uid or, where that is empty, of all.
func (m *model) held(uid event.UID) []*item {
	return slices.DeleteFunc(slices.Clone(m.entries), func(e *item) bool {
		return e.gone || uid != "" && e.uid != uid
	})
}

func sum(entries []*item) int64 {
	n := int64(0)
	for _, e := range entries {
		n += e.cost
	}
	return n
}

// place is a cursor: the index of the next of its user's entries, gone or not.
type place struct {
	cursor *journal.Cursor
	uid    event.UID
	next   int
}

// unread returns the user's entries from the place on.
func (m *model) unread(p *place) []*item {
	var own []*item
	for _, e := range m.entries {
		if e.uid == p.uid {
			own = append(own, e)
		}
	}
	return own[p.next:]
}
