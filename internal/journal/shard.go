package journal

import (
	"hash/maphash"
	"maps"
	"sync"

	"ranger/internal/event"
)

// shards is how many parts the users are split into, so that readers of one
// seldom wait for readers of another.
const shards = 64

// shard holds the logs of a part of the users.
type shard struct {
	journal *Journal // fixed at construction

	mu   sync.Mutex
	logs map[event.UID]*userLog // guarded by mu
	most int                    // logs that the map ever had; guarded by mu
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

// appendCursors appends to dst the cursors that are told of gaps.
func (s *shard) appendCursors(dst []*Cursor) []*Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		for c := l.cursors; c != nil; c = c.sibling {
			if c.gaps {
				dst = append(dst, c)
			}
		}
	}
	return dst
}

// spareLogs is for how many logs a map may have room to spare.
const spareLogs = 64

// forgetLocked lets go of l if nobody would miss it, and of the map when most of
// it is free: a map keeps the room that it once had.
func (s *shard) forgetLocked(l *userLog) {
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
