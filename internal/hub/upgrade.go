package hub

import (
	"bufio"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/internal/answer"
	"ranger/internal/hub/internal/park"
	"ranger/internal/hub/internal/protocol"
)

// ServeHTTP upgrades a request to a socket, or refuses it before the upgrade. It is safe
// for concurrent use.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case isReserved(r):
		answer.Refuse(w, http.StatusNotFound, "There is nothing here: connect to another path, without `stream`.")
	case !websocket.IsWebSocketUpgrade(r) || !r.ProtoAtLeast(1, 1): // RFC 6455 §4.2.1
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		answer.Refuse(w, http.StatusUpgradeRequired, "This is a WebSocket endpoint: send an upgrade.")
	case !h.cfg.Ready() || h.registry.isClosed():
		answer.NotReady(w)
	case !h.cfg.Origins.Allow(r):
		if suppressed, ok := h.refusedOrigins.Allow(logInterval); ok {
			h.log.WarnContext(r.Context(), "origin refused",
				"origin", clip(r.Header.Get("Origin")), "host", clip(r.Host), "peer", r.RemoteAddr,
				"advice", "to allow it, add it to WEBSOCKET_ALLOWED_ORIGINS", "suppressed", suppressed)
		}
		answer.Refuse(w, http.StatusForbidden, "Origin not allowed.")
	default:
		h.upgrade(w, r)
	}
}

// upgrade opens a session. If there is an Authorization header, it verifies its token
// first, and takes the options from the query.
func (h *Hub) upgrade(w http.ResponseWriter, r *http.Request) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // not an IP address in tests over pipes
	var identity event.Identity
	var o protocol.Options
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		token, ok := protocol.HeaderToken(values)
		if !ok {
			h.verifier.NoToken(r.Context(), peer)
			answer.Unauthorized(w, protocol.NoBearer)
			return
		}
		var err error
		if o, err = protocol.ParseQuery(r.URL.RawQuery); err != nil {
			h.logRefusedOptions(r.Context(), err, peer)
			answer.Body(w, http.StatusBadRequest, protocol.BadMessage)
			return
		}
		identity, err = h.verifier.Verify(r.Context(), token, peer)
		switch {
		case errors.Is(err, event.ErrRefused):
			answer.Unauthorized(w, protocol.Refused)
			return
		case r.Context().Err() != nil:
			return // the client did not wait
		case err != nil:
			h.log.ErrorContext(r.Context(), "token could not be verified", "error", err, "peer", peer)
			answer.NotReady(w)
			return
		}
		if !h.catchUp(r.Context(), o, peer) {
			answer.NotReady(w)
			return
		}
	}
	s := &session{hub: h}
	s.reader.session = s
	ws, err := h.upgrader.Upgrade(hijacker{w, s}, r, nil)
	if err != nil {
		// gorilla has answered through answer.BadUpgrade. If the client did not wait for
		// the answer, the connection is cut.
		if s.conn.Conn != nil {
			s.drop()
		}
		h.log.DebugContext(r.Context(), "handshake failed", "error", err, "peer", peer)
		return
	}
	h.start(s, ws, identity, o)
}

// start begins a session after its upgrade.
func (h *Hub) start(s *session, ws *websocket.Conn, identity event.Identity, o protocol.Options) {
	s.reader.ws = ws
	if s.conn.raw != nil && !s.reader.isHandedOver() {
		s.conn.raw = nil
		h.metrics.Unparkable()
	}
	if s.conn.raw != nil {
		s.fd = int32(park.Descriptor(s.conn.raw)) //nolint:gosec // descriptors are small
	}
	if !s.open(identity, o) {
		s.drop()
		return
	}
	if s.conn.raw != nil {
		s.reader.in = bufio.Reader{}
		if s.reader.park() {
			return
		}
	}
	s.Readable()
}

// isReserved reports whether the request is in the streams dialect of Peatio 2.x. The
// endpoint is any other path, without `stream`.
func isReserved(r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return strings.HasSuffix(path, "/public") || strings.HasSuffix(path, "/private") ||
		strings.Contains("&"+strings.ReplaceAll(r.URL.RawQuery, ";", "&"), "&stream=")
}

// clip shortens what a client sent for the log.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
