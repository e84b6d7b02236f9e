package hub

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/protocol"
	"ranger/internal/rawio"
)

// ServeHTTP upgrades a request to a socket, or refuses it before the upgrade.
// It may be called at once from many goroutines.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case reserved(r):
		refuse(w, http.StatusNotFound, "There is nothing here: connect to another path, without `stream`.")
	case !websocket.IsWebSocketUpgrade(r) || !r.ProtoAtLeast(1, 1): // RFC 6455 §4.2.1
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		refuse(w, http.StatusUpgradeRequired, "This is a WebSocket endpoint: send an upgrade.")
	case !h.cfg.Ready() || h.registry.isClosed():
		refuseForNow(w)
	case !h.cfg.Origins.allow(r):
		if suppressed, ok := h.origins.Allow(logInterval); ok {
			h.log.WarnContext(r.Context(), "origin refused; to allow it, add it to WEBSOCKET_ALLOWED_ORIGINS",
				"origin", clip(r.Header.Get("Origin")), "host", clip(r.Host), "peer", r.RemoteAddr, "suppressed", suppressed)
		}
		refuse(w, http.StatusForbidden, "Origin not allowed.")
	default:
		h.upgrade(w, r)
	}
}

// upgrade verifies the token of an Authorization header, if there is one, and
// opens the session, on the terms of the query then.
func (h *Hub) upgrade(w http.ResponseWriter, r *http.Request) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // not an IP address in tests over pipes
	var identity event.Identity
	var o protocol.Options
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		token, ok := protocol.HeaderToken(values)
		if !ok {
			h.verifier.NoToken(r.Context(), peer)
			refuseToken(w, protocol.NoBearer)
			return
		}
		var err error
		if o, err = protocol.ParseQuery(r.URL.RawQuery); err != nil {
			h.optionsRefused(r.Context(), err, peer)
			refuseWith(w, http.StatusBadRequest, protocol.BadMessage)
			return
		}
		identity, err = h.verifier.Verify(r.Context(), token, peer)
		switch {
		case errors.Is(err, event.ErrRefused):
			refuseToken(w, protocol.Refused)
			return
		case r.Context().Err() != nil:
			return // the client did not wait
		case err != nil:
			h.log.ErrorContext(r.Context(), "a token could not be verified", "error", err, "peer", peer)
			refuseForNow(w)
			return
		}
		if !h.catchUp(r.Context(), o, peer) {
			refuseForNow(w)
			return
		}
	}
	s := &session{hub: h}
	ws, err := h.upgrader.Upgrade(hijacker{w, s}, r, nil)
	if err != nil {
		// gorilla has answered through refuseUpgrade, but where the client did not
		// wait for the answer: then the connection is cut.
		if s.wire.Conn != nil {
			s.drop()
		}
		h.log.DebugContext(r.Context(), "handshake failed", "error", err, "peer", peer)
		return
	}
	s.ws = ws
	if s.wire.raw != nil && !s.handedOver() {
		s.wire.raw = nil
		h.metrics.Unparkable()
	}
	if !s.open(identity, o) {
		s.drop()
		return
	}
	if s.wire.raw != nil {
		s.in = bufio.Reader{}
		if s.park() {
			return
		}
	}
	s.Readable()
}

// open begins a session, unless the hub is closed: its first write is the
// handshake's response, the challenge and, for a token that came with the request,
// the success.
func (s *session) open(identity event.Identity, o protocol.Options) bool {
	h, now := s.hub, time.Now()
	at := h.at(now)
	s.wire.life.Store(int64(at))
	s.ws.SetReadLimit(h.cfg.MaxMessage)
	s.ws.SetPingHandler(func(payload string) error {
		s.say(websocket.PongMessage, []byte(payload))
		return nil
	})
	s.ws.SetCloseHandler(func(int, string) error { return nil }) // the reader answers

	s.mu.Lock()
	defer s.mu.Unlock()
	s.authBy, s.pingAt = at.add(h.cfg.AuthTimeout), at.add(h.cfg.PingInterval)
	s.planLocked(now)
	if !h.registry.add(s, func() { h.running.Add(1) }) {
		return false
	}
	s.frames, s.wire.handshake = *s.wire.handshake, nil
	s.queueLocked(websocket.TextMessage, protocol.Challenge())
	if identity.UID != "" {
		s.admitLocked(identity, o)
	}
	return true
}

// reserved tells whether the request is in the streams dialect, which is kept
// apart from the endpoint: any other path, without `stream`.
func reserved(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return strings.HasSuffix(path, "/public") || strings.HasSuffix(path, "/private") ||
		strings.Contains("&"+strings.ReplaceAll(r.URL.RawQuery, ";", "&"), "&stream=")
}

// hijacker hands gorilla a session's wire instead of the connection itself, and
// the session's reader.
type hijacker struct {
	http.ResponseWriter
	session *session
}

// Hijack takes the connection over from net/http.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	s := h.session
	s.wire = wire{Conn: c, hub: s.hub, handshake: new([]byte)}
	if !s.hub.cfg.Portable {
		s.wire.raw = rawio.Of(c)
	}
	if rw.Reader.Buffered() > 0 { // gorilla refuses what did not wait for the answer
		return &s.wire, rw, nil
	}
	s.in = *bufio.NewReaderSize(&s.wire, readBuffer)
	return &s.wire, bufio.NewReadWriter(&s.in, rw.Writer), nil
}

// handedOver reports whether gorilla reads from s.in, which Hijack has handed over. The
// parking of sockets relies on it, and gorilla does not promise it. It has gorilla read
// a frame that is only in s.in; if gorilla reads the connection instead, it finds the
// same frame there.
func (s *session) handedOver() bool {
	s.in.Reset(strings.NewReader(probe))
	s.wire.probing = true
	_, _, err := s.ws.NextReader()
	s.wire.probing = false
	s.in.Reset(&s.wire)
	return err == nil && !s.wire.probed
}

// probe is an empty text message of a client.
const probe = "\x81\x80\x00\x00\x00\x00"
