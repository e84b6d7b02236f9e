package redis

import (
	"strings"
	"sync"

	"ranger/internal/event"
)

// batchSize is the number of members that are read in one step, and processed under the
// lock at a time.
const batchSize = 1000

// members is the hash in memory. Each reading of the hash, a round, changes it in place,
// so no second copy is needed. It is safe for concurrent use.
type members struct {
	mu    sync.RWMutex
	byID  map[string]entry // guarded by mu: by member id
	round uint64           // guarded by mu: number of rounds begun
}

// entry is one member, and the last round that found it.
type entry struct {
	uid   event.UID
	round uint64
}

// uid returns the uid of a member.
func (m *members) uid(member string) (event.UID, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e, ok := m.byID[member]
	return e.uid, ok
}

// count returns the number of members.
func (m *members) count() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.byID)
}

// beginRound begins a reading of the whole hash.
func (m *members) beginRound() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.round++
}

// add adds or changes one member.
func (m *members) add(member string, uid event.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.addLocked(member, uid)
}

// addPage adds the result of one step of a reading: fields and values in turn. It returns
// the number of invalid entries and the field of one of them.
func (m *members) addPage(page []string) (ignored int, example string) {
	for len(page) > 1 {
		batch := page[:min(len(page)/2, batchSize)*2]
		page = page[len(batch):]
		m.mu.Lock()
		for i := 0; i < len(batch); i += 2 {
			uid, ok := event.ParseUID(batch[i+1])
			if !ok || !isID(batch[i]) {
				ignored, example = ignored+1, batch[i]
				continue
			}
			m.addLocked(batch[i], uid)
		}
		m.mu.Unlock()
	}
	return ignored, example
}

// endRound ends a complete reading: members that it did not find are removed.
func (m *members) endRound() {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := 0
	for id, e := range m.byID {
		if e.round != m.round {
			delete(m.byID, id)
		}
		if seen++; seen%batchSize == 0 {
			m.mu.Unlock() // let readers proceed; a map may change during a range over it
			m.mu.Lock()
		}
	}
}

func (m *members) addLocked(member string, uid event.UID) {
	if m.byID == nil {
		m.byID = make(map[string]entry)
	}
	m.byID[member] = entry{uid: uid, round: m.round}
}

// isID reports whether a field is a member id in the form that event.Decode uses.
func isID(field string) bool {
	digits := strings.TrimPrefix(field, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}
