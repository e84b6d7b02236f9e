package journal_test

import (
	"slices"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// model is a window without any cunning: it keeps every message and every entry
// of the stream, and marks what is gone.
type model struct {
	cfg     journal.Config
	spine   []*record // held
	items   []*item   // ever, in the stream's order; less those cut
	evicted uint64
	since   map[event.UID]uint64 // offset behind the last entry that a log's own bound dropped
	coarse  uint64               // before it something may be missing: what told where was cut away
}

// record is a message.
type record struct {
	journal.Position

	at    int64
	start bool // of a segment
}

// item is one event of a message, or the gap before them.
type item struct {
	journal.Entry

	stands uint64    // the offset of its message
	uid    event.UID // empty for a gap that everybody is told
	gone   bool
	shared bool // gone by the bounds that all users share
}

func (e *item) everybodys() bool { return e.uid == "" }

func (m *model) last() (*record, bool) {
	if len(m.spine) == 0 {
		return nil, false
	}
	return m.spine[len(m.spine)-1], true
}

func (m *model) append(msg journal.Message) bool {
	last, ok := m.last()
	if ok && msg.Offset <= last.Offset {
		return false
	}
	if msg.Lost {
		m.spine = nil
	}
	before := journal.Position{}
	if ok {
		before = last.Position
	}
	start := len(m.spine) == 0 || msg.Offset != last.Offset+1 || msg.At >= m.startOf(last).at+journal.SegmentSpan
	m.spine = append(m.spine, &record{Position: msg.Position, at: msg.At, start: start})
	if msg.Gap != nil {
		told := entry(msg, event.Announcement, msg.Gap)
		if len(msg.Events) > 0 {
			told.Offset, told.Check = before.Offset, before.Check
		}
		m.items = append(m.items, &item{Entry: told, stands: msg.Offset})
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
	own := append(m.held(e.UID), &item{Entry: entry(msg, e.Kind, e.Message), stands: msg.Offset, uid: e.UID})
	m.items = append(m.items, own[len(own)-1])
	for ; len(own) > m.cfg.Size || len(own) > 1 && sum(own) > m.cfg.Memory/64; own = own[1:] {
		own[0].gone = true
		m.since[e.UID] = own[0].Offset + 1
		m.evicted++
	}
}

// trim drops what is too old, then the oldest of the spine and of all logs.
func (m *model) trim(now int64) {
	before := now - m.cfg.TTL.Milliseconds()
	for _, e := range m.items {
		if !e.gone && e.At < before {
			e.gone, e.shared = true, true
		}
	}
	for m.trimSpine(before); m.bytes() > m.cfg.Memory; m.trimSpine(before) {
		held, next := m.held("*"), m.second()
		switch {
		case len(held) > 0 && (next < 0 || held[0].stands < m.spine[next-1].Offset+1):
			for _, e := range held {
				if e.stands == held[0].stands {
					e.gone, e.shared = true, true
					m.evicted++
				}
			}
		case next >= 0:
			m.spine = m.spine[next:]
		default:
			return
		}
	}
}

// trimSpine drops segments that are too old, or behind no message of which one
// can resume.
func (m *model) trimSpine(before int64) {
	for next := m.second(); next >= 0; next = m.second() {
		useless := slices.ContainsFunc(m.items, func(e *item) bool {
			return e.shared && e.stands > m.spine[next-1].Offset
		}) || m.coarse > m.spine[next-1].Offset+1
		if m.spine[next].at > before && !useless {
			return
		}
		m.spine = m.spine[next:]
	}
}

// second returns the index at which the spine's second segment begins, -1 where
// there is one segment.
func (m *model) second() int {
	for i := 1; i < len(m.spine); i++ {
		if m.spine[i].start {
			return i
		}
	}
	return -1
}

// startOf returns the first record of a held record's segment.
func (m *model) startOf(r *record) *record {
	for i := slices.Index(m.spine, r); ; i-- {
		if m.spine[i].start {
			return m.spine[i]
		}
	}
}

// cut forgets what stands at the offset and behind it, and returns since when
// messages may be missing.
func (m *model) cut(offset uint64, places []*place) (since int64) {
	if last, ok := m.last(); ok {
		since = m.startOf(last).at
	}
	left := slices.IndexFunc(m.spine, func(r *record) bool { return r.Offset >= offset })
	if left < 0 {
		left = len(m.spine)
	}
	if left > 0 {
		since = m.startOf(m.spine[left-1]).at
	} else {
		offset = 0
	}
	m.spine = m.spine[:left]
	end := slices.IndexFunc(m.items, func(e *item) bool { return e.stands >= offset })
	if end < 0 {
		end = len(m.items)
	}
	for _, p := range places {
		p.cuts++
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

// held returns the events held, of uid or of all, "*".
func (m *model) held(uid event.UID) (held []*item) {
	for _, e := range m.items {
		if !e.gone && !e.everybodys() && (uid == "*" || e.uid == uid) {
			held = append(held, e)
		}
	}
	return held
}

// bytes is what the window is reckoned to take.
func (m *model) bytes() int64 {
	logs := map[event.UID][]*item{}
	for _, e := range m.held("*") {
		logs[e.uid] = append(logs[e.uid], e)
	}
	n := int64(journal.MessageCost * len(m.spine))
	for _, r := range m.spine {
		if r.start {
			n += journal.SegmentCost
		}
	}
	for _, own := range logs {
		n += sum(own)
	}
	return n
}

// sum is what one user's entries are reckoned to take.
func sum(own []*item) int64 {
	n := journal.LogCost + int64(len(own[0].uid))
	for _, e := range own {
		n += held(len(e.Message)) + journal.EntryCost
	}
	return n
}

// holds tells whether the message at p is in the spine.
func (m *model) holds(p journal.Position) bool {
	return slices.ContainsFunc(m.spine, func(r *record) bool { return r.Position == p })
}

// complete tells whether nothing is missing of what uid would read behind the
// offset.
func (m *model) complete(uid event.UID, after uint64) bool {
	return !slices.ContainsFunc(m.items, func(e *item) bool {
		return e.gone && e.stands > after && (e.everybodys() || e.uid == uid)
	})
}

// refuses tells whether there is a reason not to resume behind the offset
// though nothing is missing: what all users share is one number, and after a Cut
// it is no greater than the cut's.
func (m *model) refuses(after uint64) bool {
	return after+1 < m.coarse || slices.ContainsFunc(m.items, func(e *item) bool {
		return e.shared && e.stands > after
	})
}

// behindOf returns the index of the first item behind the offset.
func (m *model) behindOf(offset uint64) int {
	if i := slices.IndexFunc(m.items, func(e *item) bool { return e.stands > offset }); i >= 0 {
		return i
	}
	return len(m.items)
}

// place is a cursor: the index of the next item, whoever's, gone or not.
type place struct {
	cursor *journal.Cursor
	uid    event.UID
	gaps   bool
	next   int
	behind bool // something unread was cut away
	cuts   uint64
}

func (p *place) reads(e *item) bool {
	return e.uid == p.uid || p.gaps && e.everybodys()
}

// unread returns what the cursor is to read next, in order, and the indices
// behind each, and whether something of it is gone.
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
