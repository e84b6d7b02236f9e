package hub

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/clock"
	"ranger/internal/hub/internal/protocol"
)

// maxFailures is how many refused tokens in a row a socket may send.
const maxFailures = 5

// catchUpTimeout is how long a client waits for a node that has read less of the stream
// than the client has seen.
const catchUpTimeout = 10 * time.Second

// authenticate verifies a token and acts on the result.
func (r *reader) authenticate(request protocol.Request) {
	s := r.session
	left, first, ok := r.stopAuthTimer()
	if !ok {
		return
	}
	// Verify ends by itself: nothing else would cancel the context.
	identity, err := s.hub.verifier.Verify(context.Background(), request.Token, s.conn.peer())
	continues := true
	if err == nil && first {
		continues = s.hub.catchUp(context.Background(), request.Options, s.conn.peer())
	}
	r.restartAuthTimer(left)
	switch {
	case !continues:
		s.closeForDrain() // another node may have what this one lacks
	case err == nil:
		r.failures = 0
		s.admit(identity, request.Options)
	case errors.Is(err, event.ErrRefused):
		r.failures++
		s.reply(websocket.TextMessage, []byte(protocol.Refused))
		if r.failures >= maxFailures {
			s.close(protocol.TooManyAttempts)
		}
	default:
		s.hub.log.Error("token could not be verified", "error", err, "peer", s.conn.peer())
		s.reply(websocket.TextMessage, []byte(protocol.BadMessage))
	}
}

// catchUp waits until this node has read all of the stream that a client has seen. It
// does not report whether it has: admit finds out. It reports false if the node stops
// meanwhile.
func (h *Hub) catchUp(ctx context.Context, o protocol.Options, peer netip.AddrPort) (continues bool) {
	if o.After == nil || h.cfg.CatchUp == nil || !h.journal.Ahead(*o.After) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	defer context.AfterFunc(h.untilDrain, cancel)()
	err := h.cfg.CatchUp(ctx)
	if err != nil && h.untilDrain.Err() != nil {
		return false
	}
	if err != nil {
		if suppressed, ok := h.lateCatchUps.Allow(logInterval); ok {
			h.log.WarnContext(ctx, "node did not catch up with a client", "error", err, "peer", peer, "suppressed", suppressed)
		}
	}
	return true
}

// logRefusedOptions logs why a client's options were refused: the answer does not say.
func (h *Hub) logRefusedOptions(ctx context.Context, err error, peer netip.AddrPort) {
	if suppressed, ok := h.refusedOptions.Allow(logInterval); ok {
		h.log.InfoContext(ctx, "subscription options refused", "error", err, "peer", peer, "suppressed", suppressed)
	}
}

// stopAuthTimer stops the timer of AuthTimeout: waiting for ranger's own workers does not
// count. It returns the time left and whether the socket has had no valid token yet, and
// reports false if the session ends.
func (r *reader) stopAuthTimer() (left time.Duration, first, ok bool) {
	s := r.session
	s.mu.Lock()
	defer s.mu.Unlock()
	left = s.hub.clock.Now().Until(s.timers.authAt)
	s.timers.authAt = clock.Never
	return left, s.uid == "", s.closing.reason == 0
}

// restartAuthTimer restarts that timer with the time left, and that of the peer's silence.
func (r *reader) restartAuthTimer(left time.Duration) {
	s := r.session
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	at := s.hub.clock.At(now)
	s.conn.lastRead.Store(int64(at))
	s.timers.authAt = at.Add(left)
	s.rearmLocked(now)
}

// admit gives the session its identity, or its new expiry, and returns when the answer is
// written. The identity never changes.
func (s *session) admit(identity event.Identity, o protocol.Options) {
	s.mu.Lock()
	s.admitLocked(identity, o)
	written := s.out.whenWritten()
	s.mu.Unlock()
	<-written
}

func (s *session) admitLocked(identity event.Identity, o protocol.Options) {
	reply := []byte(protocol.Authenticated)
	now := time.Now()
	first := s.uid == ""
	switch {
	case s.closing.reason != 0:
		return
	case first:
		reply = s.subscribeLocked(identity.UID, o, now)
		s.uid = identity.UID
		s.hub.registry.authenticate()
	case s.uid != identity.UID:
		s.closeLocked(protocol.IdentityChanged)
		return
	}
	expires := clock.ToUnixNano(identity.Expires)
	if s.sub != nil && s.expires != expires {
		s.sub.warned = false
	}
	s.expires = expires
	s.queueLocked(websocket.TextMessage, reply)
	if first {
		s.notifyDrainLocked(s.hub.clock.At(now))
	}
	s.warnLocked(now)
	s.rearmLocked(now)
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
	sub := &subscription{journal: j, optIn: true, filter: o.Filter, heartbeatAt: s.hub.clock.At(now).Add(s.hub.cfg.HeartbeatInterval)}
	s.sub = sub
	if o.After != nil {
		if c, until, ok := j.Resume(uid, s, *o.After); ok {
			s.cursor, sub.cursor = c, c
			sub.until, sub.replaying = until, true
			s.out.woken = true // at least for the heartbeat after the replay
			return []byte(protocol.Resumed)
		}
	}
	c, at := j.SubscribeWithGaps(uid, s)
	s.cursor, sub.cursor = c, c
	return protocol.Following(at, o.After != nil)
}
