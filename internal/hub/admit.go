package hub

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/protocol"
)

// maxFailures is how many bad tokens in a row a socket may send.
const maxFailures = 5

// catchUpTimeout bounds how long a client waits for a node that has read less of
// the stream than the client has seen.
const catchUpTimeout = 10 * time.Second

// authenticate has a token looked at and acts on what it says.
func (s *session) authenticate(m protocol.Request) {
	left, first, ok := s.pauseClock()
	if !ok {
		return
	}
	// The wait is bounded by the verifier's own work and end: there is nothing
	// else that could cut it short.
	identity, err := s.hub.verifier.Verify(context.Background(), m.Token, s.peer())
	stays := true
	if err == nil && first {
		stays = s.hub.catchUp(context.Background(), m.Options, s.peer())
	}
	s.resumeClock(left)
	switch {
	case !stays:
		s.sendAway() // not refused: another node may have what this one lacks
	case err == nil:
		s.failures = 0
		s.admit(identity, m.Options)
	case errors.Is(err, event.ErrRefused):
		s.failures++
		s.say(websocket.TextMessage, []byte(protocol.Refused))
		if s.failures >= maxFailures {
			s.end(protocol.TooManyAttempts)
		}
	default:
		s.hub.log.Error("a token could not be verified", "error", err, "peer", s.peer())
		s.say(websocket.TextMessage, []byte(protocol.BadMessage))
	}
}

// catchUp waits, where a client has seen more of the stream than this node has
// read, until this node has read it. It does not say whether it has: that is
// seen when the client is admitted. It reports false where the node stops
// meanwhile.
func (h *Hub) catchUp(ctx context.Context, o protocol.Options, peer netip.AddrPort) (stays bool) {
	if o.After == nil || h.cfg.CatchUp == nil || !h.journal.Ahead(*o.After) {
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
func (s *session) admit(identity event.Identity, o protocol.Options) {
	<-s.beginAdmit(identity, o)
}

// beginAdmit returns what is closed when the answer is written.
func (s *session) beginAdmit(identity event.Identity, o protocol.Options) (written <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admitLocked(identity, o)
	return s.writtenLocked()
}

func (s *session) admitLocked(identity event.Identity, o protocol.Options) {
	success := []byte(protocol.Authenticated)
	now := time.Now()
	first := s.uid == ""
	switch {
	case s.ending != 0:
		return
	case first:
		success = s.subscribeLocked(identity.UID, o, now)
		s.uid = identity.UID
		s.hub.registry.authenticate()
	case s.uid != identity.UID:
		s.endLocked(protocol.IdentityChanged, uint16(protocol.IdentityChanged))
		return
	}
	expires := wall(identity.Expires)
	if s.sub != nil && s.expires != expires {
		s.sub.warned = false
	}
	s.expires = expires
	s.queueLocked(websocket.TextMessage, success)
	if first {
		s.partLocked(s.hub.at(now))
	}
	s.warnLocked(now)
	s.planLocked(now)
}

// subscribeLocked begins the session's subscription, and returns the answer to the client.
func (s *session) subscribeLocked(uid event.UID, o protocol.Options, now time.Time) []byte {
	j := s.hub.journal
	if !o.Resume {
		s.cursor = j.Subscribe(uid, s)
		if !o.Filter.IsZero() {
			s.sub = &subscription{journal: j, cursor: s.cursor, filter: o.Filter}
		}
		return []byte(protocol.Authenticated)
	}
	sub := &subscription{journal: j, optIn: true, filter: o.Filter, heartbeatAt: s.hub.at(now).add(s.hub.cfg.HeartbeatInterval)}
	s.sub = sub
	if o.After != nil {
		if c, until, ok := j.Resume(uid, s, *o.After); ok {
			s.cursor, sub.cursor = c, c
			sub.until, sub.replaying = until, true
			s.woken = true // for the heartbeat at least
			return []byte(protocol.Resumed)
		}
	}
	c, at := j.SubscribeWithGaps(uid, s)
	s.cursor, sub.cursor = c, c
	return protocol.Following(at, o.After != nil)
}
