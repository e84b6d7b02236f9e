package main

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
)

// handler upgrades requests that have a valid token.
type handler struct {
	users    *users
	parser   *jwt.Parser
	key      any
	upgrader websocket.Upgrader
}

// ServeHTTP opens a socket and adds it to its user's sockets.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	uid, ok := h.uid(r)
	if !ok {
		http.Error(w, `{"error":{"message":"Authentication failed."}}`, http.StatusUnauthorized)
		return
	}
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	var challenge [40]byte
	_, _ = rand.Read(challenge[:]) // never fails (crypto/rand)
	text := `{"challenge":"` + base64.RawURLEncoding.EncodeToString(challenge[:]) + `"}`
	if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		_ = ws.Close()
		return
	}
	if h.users.add(uid, ws) {
		go h.read(uid, ws) // frees the memory of the request
	}
}

// read reads until the socket ends. Clients send only control frames.
func (h *handler) read(uid string, ws *websocket.Conn) {
	defer h.users.remove(uid, ws)
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}
