package journal

import (
	"hash/maphash"
	"maps"
	"sync"

	"ranger/internal/event"
)

// shards is the number of parts into which users are split, so that readers of one
// user seldom wait for readers of another.
const shards = 64

// shard holds the logs of a part of the users.
type shard struct {
	journal *Journal // fixed at construction

	mu   sync.Mutex
	logs map[event.UID]*userLog // guarded by mu
	most int                    // guarded by mu: the most logs that the map has had
}

func (j *Journal) shard(uid event.UID) *shard {
	return &j.shards[maphash.String(j.seed, string(uid))%shards]
}

func (s *shard) openLocked(uid event.UID) *userLog {
	l, ok := s.logs[uid]
	if !ok {
		l = &userLog{uid: uid, shard: s}
		s.logs[uid] = l
		s.most = max(s.most, len(s.logs))
	}
	return l
}

// appendCursors appends to dst the cursors that read the gaps of all users and must be
// woken for one.
func (s *shard) appendCursors(dst []*Cursor) []*Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		for c := l.cursors; c != nil; c = c.sibling {
			if c.withGaps && !c.notified {
				c.notified = true
				dst = append(dst, c)
			}
		}
	}
	return dst
}

// spareLogs is the number of logs for which a map may have spare room.
const spareLogs = 64

// removeIdleLocked removes l if it is idle, and replaces the map if most of it is
// free: a map never shrinks.
func (s *shard) removeIdleLocked(l *userLog) {
	if !l.idle() || s.logs[l.uid] != l {
		return
	}
	delete(s.logs, l.uid)
	if n := len(s.logs); s.most > 2*n+spareLogs {
		logs := make(map[event.UID]*userLog, n)
		maps.Copy(logs, s.logs)
		s.logs, s.most = logs, n
	}
}
