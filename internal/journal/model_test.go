package journal_test

import (
	"slices"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// model is a simple window: it keeps every message and every entry of the stream, and
// marks those that are gone.
type model struct {
	cfg     journal.Config
	index   []*record // messages held
	items   []*item   // all, in the order of the stream, without those truncated
	evicted uint64
	since   map[event.UID]uint64 // offset after the last entry that the bound of a log dropped
	coarse  uint64               // offset from which on nothing is missing by what was truncated
}

// record is a message of the index.
type record struct {
	journal.Position

	at    int64
	start bool // first of a segment
}

// item is one event of a message, or the gap before them.
type item struct {
	journal.Entry

	before uint64    // the offset of its message
	uid    event.UID // empty for a gap of all users
	gone   bool
	shared bool // dropped by a bound that all users share
}

func (e *item) ofAllUsers() bool { return e.uid == "" }

func (m *model) last() (*record, bool) {
	if len(m.index) == 0 {
		return nil, false
	}
	return m.index[len(m.index)-1], true
}

func (m *model) append(msg journal.Message) bool {
	last, ok := m.last()
	if ok && msg.Offset <= last.Offset {
		return false
	}
	if msg.Lost {
		m.index = nil
	}
	before := journal.Position{}
	if ok {
		before = last.Position
	}
	start := len(m.index) == 0 || msg.Offset != last.Offset+1 || msg.At >= m.startOf(last).at+segmentSpan
	m.index = append(m.index, &record{Position: msg.Position, at: msg.At, start: start})
	if msg.Gap != nil {
		gap := entry(msg, event.Announcement, msg.Gap)
		if len(msg.Events) > 0 {
			gap.Offset, gap.Check = before.Offset, before.Check
		}
		m.items = append(m.items, &item{Entry: gap, before: msg.Offset})
	}
	for _, e := range msg.Events {
		m.add(msg, e)
	}
	m.trim(msg.At)
	return true
}

func entry(msg journal.Message, kind event.Kind, text []byte) journal.Entry {
	return journal.Entry{Offset: msg.Offset, Check: msg.Check, At: msg.At, Kind: kind, Message: text}
}

func (m *model) add(msg journal.Message, e event.Event) {
	own := append(m.held(e.UID), &item{Entry: entry(msg, e.Kind, e.Message), before: msg.Offset, uid: e.UID})
	m.items = append(m.items, own[len(own)-1])
	for ; len(own) > m.cfg.Size || len(own) > 1 && sum(own) > m.cfg.Memory/64; own = own[1:] {
		own[0].gone = true
		m.since[e.UID] = own[0].Offset + 1
		m.evicted++
	}
}

// trim drops what is older than TTL, then the oldest of the index and of all logs.
func (m *model) trim(now int64) {
	before := now - m.cfg.TTL.Milliseconds()
	for _, e := range m.items {
		if !e.gone && e.At < before {
			e.gone, e.shared = true, true
		}
	}
	for m.trimIndex(before); m.bytes() > m.cfg.Memory; m.trimIndex(before) {
		held, next := m.held("*"), m.second()
		switch {
		case len(held) > 0 && (next < 0 || held[0].before < m.index[next-1].Offset+1):
			for _, e := range held {
				if e.before == held[0].before {
					e.gone, e.shared = true, true
					m.evicted++
				}
			}
		case next >= 0:
			m.index = m.index[next:]
		default:
			return
		}
	}
}

// trimIndex drops segments that are too old, or after no message of which a client can
// resume.
func (m *model) trimIndex(before int64) {
	for next := m.second(); next >= 0; next = m.second() {
		useless := slices.ContainsFunc(m.items, func(e *item) bool {
			return e.shared && e.before > m.index[next-1].Offset
		}) || m.coarse > m.index[next-1].Offset+1
		if m.index[next].at > before && !useless {
			return
		}
		m.index = m.index[next:]
	}
}

// second returns the number of the first record of the second segment, -1 if there is
// one segment.
func (m *model) second() int {
	for i := 1; i < len(m.index); i++ {
		if m.index[i].start {
			return i
		}
	}
	return -1
}

// startOf returns the first record of a record's segment.
func (m *model) startOf(r *record) *record {
	for i := slices.Index(m.index, r); ; i-- {
		if m.index[i].start {
			return m.index[i]
		}
	}
}

// truncate removes what has the offset or a greater one, and returns since when messages
// may be missing.
func (m *model) truncate(offset uint64, places []*place) (since int64) {
	if last, ok := m.last(); ok {
		since = m.startOf(last).at
	}
	left := slices.IndexFunc(m.index, func(r *record) bool { return r.Offset >= offset })
	if left < 0 {
		left = len(m.index)
	}
	if left > 0 {
		since = m.startOf(m.index[left-1]).at
	} else {
		offset = 0
	}
	m.index = m.index[:left]
	end := slices.IndexFunc(m.items, func(e *item) bool { return e.before >= offset })
	if end < 0 {
		end = len(m.items)
	}
	for _, p := range places {
		p.truncations++
		for i := max(p.next, end); i < len(m.items); i++ {
			p.behind = p.behind || p.reads(m.items[i])
		}
		p.next = min(p.next, end)
	}
	m.coarse = min(m.coarse, offset)
	if slices.ContainsFunc(m.items[end:], func(e *item) bool { return e.shared }) {
		m.coarse = max(m.coarse, offset)
	}
	m.items = m.items[:end]
	for uid, before := range m.since {
		m.since[uid] = min(before, offset)
		if len(m.held(uid)) == 0 {
			m.coarse = max(m.coarse, m.since[uid])
		}
	}
	return since
}

// held returns the events held, of uid or of all users, "*".
func (m *model) held(uid event.UID) (held []*item) {
	for _, e := range m.items {
		if !e.gone && !e.ofAllUsers() && (uid == "*" || e.uid == uid) {
			held = append(held, e)
		}
	}
	return held
}

// bytes returns the estimated memory of the window.
func (m *model) bytes() int64 {
	logs := map[event.UID][]*item{}
	for _, e := range m.held("*") {
		logs[e.uid] = append(logs[e.uid], e)
	}
	n := int64(messageCost * len(m.index))
	for _, r := range m.index {
		if r.start {
			n += segmentCost
		}
	}
	for _, own := range logs {
		n += sum(own)
	}
	return n
}

// sum returns the estimated memory of one user's log.
func sum(own []*item) int64 {
	n := logCost + int64(len(own[0].uid))
	for _, e := range own {
		n += held(len(e.Message)) + entryCost
	}
	return n
}

// holds reports whether the message at p is in the index.
func (m *model) holds(p journal.Position) bool {
	return slices.ContainsFunc(m.index, func(r *record) bool { return r.Position == p })
}

// complete reports whether nothing is missing of what uid would read after the offset.
func (m *model) complete(uid event.UID, after uint64) bool {
	return !slices.ContainsFunc(m.items, func(e *item) bool {
		return e.gone && e.before > after && (e.ofAllUsers() || e.uid == uid)
	})
}

// refuses reports whether a resume after the offset is refused though nothing is missing
// for the user: completeFrom is one number for all users.
func (m *model) refuses(after uint64) bool {
	return after+1 < m.coarse || slices.ContainsFunc(m.items, func(e *item) bool {
		return e.shared && e.before > after
	})
}

// firstAfter returns the number of the first item after the offset.
func (m *model) firstAfter(offset uint64) int {
	if i := slices.IndexFunc(m.items, func(e *item) bool { return e.before > offset }); i >= 0 {
		return i
	}
	return len(m.items)
}

// place is a cursor: the number of the next item, of any user, gone or not.
type place struct {
	cursor *journal.Cursor
	uid    event.UID
	gaps   bool
	next   int
	behind bool // something unread was truncated

	truncations uint64
}

func (p *place) reads(e *item) bool {
	return e.uid == p.uid || p.gaps && e.ofAllUsers()
}

// unread returns the entries that the cursor must read next, in order, the item numbers
// after each, and whether any of them is gone.
func (m *model) unread(p *place) (unread []journal.Entry, next []int, gone bool) {
	gone = p.behind
	for i := p.next; i < len(m.items); i++ {
		e := m.items[i]
		if !p.reads(e) {
			continue
		}
		gone = gone || e.gone
		unread, next = append(unread, e.Entry), append(next, i+1)
	}
	return unread, next, gone
}
