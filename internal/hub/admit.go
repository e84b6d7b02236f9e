package hub

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
)

// maxFailures is how many bad tokens in a row a socket may send.
const maxFailures = 5

// catchUpTimeout bounds how long a client waits for a node that has read less of
// the stream than the client has seen.
const catchUpTimeout = 10 * time.Second

// authenticate has a token looked at and acts on what it says.
func (s *session) authenticate(m message) {
	left, first, ok := s.pauseClock()
	if !ok {
		return
	}
	// The wait is bounded by the verifier's own work and end: there is nothing
	// else that could cut it short.
	identity, err := s.hub.verifier.Verify(context.Background(), m.token, s.peer())
	stays := true
	if err == nil && first {
		stays = s.hub.catchUp(context.Background(), m.terms, s.peer())
	}
	s.resumeClock(left)
	switch {
	case !stays:
		s.sendAway() // not refused: another node may have what this one lacks
	case err == nil:
		s.failures = 0
		s.admit(identity, m.terms)
	case errors.Is(err, event.ErrRefused):
		s.failures++
		s.say(websocket.TextMessage, []byte(textRefused))
		if s.failures >= maxFailures {
			s.end(TooManyAttempts)
		}
	default:
		s.hub.log.Error("a token could not be verified", "error", err, "peer", s.peer())
		s.say(websocket.TextMessage, []byte(textBadMessage))
	}
}

// catchUp waits, where a client has seen more of the stream than this node has
// read, until this node has read it. It does not say whether it has: that is
// seen when the client is admitted. It reports false where the node stops
// meanwhile.
func (h *Hub) catchUp(ctx context.Context, t terms, peer netip.AddrPort) (stays bool) {
	if t.after == nil || h.cfg.CatchUp == nil || !h.journal.Ahead(*t.after) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	defer context.AfterFunc(h.staying, cancel)()
	err := h.cfg.CatchUp(ctx)
	if err != nil && h.staying.Err() != nil {
		return false
	}
	if err != nil {
		if suppressed, ok := h.behind.Allow(logInterval); ok {
			h.log.WarnContext(ctx, "a client was ahead of this node, which did not catch up with the stream",
				"error", err, "peer", peer, "suppressed", suppressed)
		}
	}
	return true
}

// pauseClock stops the clock of AuthTimeout: waiting for ranger's own workers
// does not count. It returns how much is left, whether the socket has had no
// good token yet, and false when the session ends.
func (s *session) pauseClock() (left time.Duration, first, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = s.hub.now().until(s.authBy)
	s.authBy = never
	return left, s.uid == "", s.ending == 0
}

// resumeClock lets the clock run on, and that of silence begin anew.
func (s *session) resumeClock(left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	at := s.hub.at(now)
	s.wire.life.Store(int64(at))
	s.authBy = at.add(left)
	s.planLocked(now)
}

// admit gives the session its identity, or its new expiry, and returns when that
// is said. To whom a socket belongs never changes.
func (s *session) admit(identity event.Identity, t terms) {
	<-s.beginAdmit(identity, t)
}

// beginAdmit returns what is closed when the answer is written.
func (s *session) beginAdmit(identity event.Identity, t terms) (written <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admitLocked(identity, t)
	return s.writtenLocked()
}

func (s *session) admitLocked(identity event.Identity, t terms) {
	success := []byte(textAuthenticated)
	now := time.Now()
	first := s.uid == ""
	switch {
	case s.ending != 0:
		return
	case first:
		success = s.subscribeLocked(identity.UID, t, now)
		s.uid = identity.UID
		s.hub.registry.authenticate()
	case s.uid != identity.UID:
		s.endLocked(IdentityChanged, uint16(IdentityChanged))
		return
	}
	expires := wall(identity.Expires)
	if s.feed != nil && s.expires != expires {
		s.feed.warned = false
	}
	s.expires = expires
	s.queueLocked(websocket.TextMessage, success)
	if first {
		s.partLocked(s.hub.at(now))
	}
	s.warnLocked(now)
	s.planLocked(now)
}

// subscribeLocked begins the session's walk over its user's log as t asks, and
// returns the success line, which says where it begins.
func (s *session) subscribeLocked(uid event.UID, t terms, now time.Time) []byte {
	j := s.hub.journal
	if !t.resume {
		s.cursor = j.Subscribe(uid, s)
		if !t.filter.all() {
			s.feed = &feed{journal: j, cursor: s.cursor, filter: t.filter}
		}
		return []byte(textAuthenticated)
	}
	f := &feed{journal: j, resume: true, filter: t.filter, beatAt: s.hub.at(now).add(s.hub.cfg.HeartbeatInterval)}
	s.feed = f
	if t.after != nil {
		if c, until, ok := j.Resume(uid, s, *t.after); ok {
			s.cursor, f.cursor = c, c
			f.until, f.replaying = until, true
			s.woken = true // for the heartbeat at least
			return []byte(textResumed)
		}
	}
	c, at := j.SubscribeWithGaps(uid, s)
	s.cursor, f.cursor = c, c
	success := appendPosition([]byte(textFollowing), at)
	if t.after != nil {
		success = append(success, `,"resumed":false`...)
	}
	return append(success, "}}"...)
}
