package main

import (
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// claims are the claims of a session token that the server reads.
type claims struct {
	jwt.RegisteredClaims
	UID string `json:"uid"`
}

// uid returns the user of the request's session token.
func (h *handler) uid(r *http.Request) (string, bool) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return "", false
	}
	var c claims
	if _, err := h.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return h.key, nil }); err != nil {
		return "", false
	}
	return c.UID, c.UID != "" && c.Subject == "session"
}
