package redis

import (
	"strings"
	"sync"

	"ranger/internal/event"
)

// piece is how many members are dealt with in one hold of the lock.
const piece = 1000

// members is the hash in memory, which takes what the hash takes: a reading
// changes it in place. It is safe for concurrent use.
type members struct {
	mu    sync.RWMutex
	of    map[string]entry // guarded by mu: by member id
	round uint64           // guarded by mu: counts readings of the whole hash
}

// entry is one member, and the last reading that met it.
type entry struct {
	uid   event.UID
	round uint64
}

func (m *members) uid(member string) (event.UID, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e, ok := m.of[member]
	return e.uid, ok
}

func (m *members) count() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.of)
}

// begin begins a reading of the whole hash.
func (m *members) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.round++
}

// add adds one member, or changes it.
func (m *members) add(member string, uid event.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.addLocked(member, uid)
}

// keep adds what one step of a reading brought: fields and values in turn. It
// returns how many of them can be no member, and the field of one.
func (m *members) keep(page []string) (ignored int, example string) {
	for len(page) > 1 {
		some := page[:min(len(page)/2, piece)*2]
		page = page[len(some):]
		m.mu.Lock()
		for i := 0; i < len(some); i += 2 {
			uid, ok := event.ParseUID(some[i+1])
			if !ok || !isID(some[i]) {
				ignored, example = ignored+1, some[i]
				continue
			}
			m.addLocked(some[i], uid)
		}
		m.mu.Unlock()
	}
	return ignored, example
}

// sweep ends a reading that was whole: what it has not met is no longer there.
func (m *members) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := 0
	for id, e := range m.of {
		if e.round != m.round {
			delete(m.of, id)
		}
		if seen++; seen%piece == 0 {
			m.mu.Unlock() // let others in; a map may change while one ranges over it
			m.mu.Lock()
		}
	}
}

func (m *members) addLocked(member string, uid event.UID) {
	if m.of == nil {
		m.of = make(map[string]entry)
	}
	m.of[member] = entry{uid: uid, round: m.round}
}

// isID reports whether a field can be a member id as Decode asks for it.
func isID(field string) bool {
	digits := strings.TrimPrefix(field, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}
