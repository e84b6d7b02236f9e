package journal

import (
	"hash/maphash"
	"sync"

	"ranger/internal/event"
)

// shards is how many parts the users are split into, so that readers of one
// seldom wait for readers of another.
const shards = 64

// shard holds the logs of a part of the users.
type shard struct {
	mu   sync.Mutex
	logs map[event.UID]*userLog // guarded by mu
}

func (j *Journal) shard(uid event.UID) *shard {
	return &j.shards[maphash.String(j.seed, string(uid))%shards]
}

func (s *shard) openLocked(uid event.UID) *userLog {
	l, ok := s.logs[uid]
	if !ok {
		l = &userLog{uid: uid}
		s.logs[uid] = l
	}
	return l
}

// forgetLocked lets go of l if nobody would miss it.
func (s *shard) forgetLocked(l *userLog) {
	if l.idle() && s.logs[l.uid] == l {
		delete(s.logs, l.uid)
	}
}
