package barong

import (
	"net/http"
	"strings"
	"time"

	"ranger/internal/auth"
)

// authzPath is the prefix of the path at which a gateway asks about a request.
const authzPath = "/api/v2/auth/"

// authzLife is the longest lifetime of a token for a gateway.
const authzLife = time.Hour

// authz answers a gateway about a request: 200 with an Authorization header to add, 200
// without one if the path is public, or a refusal. The method is that of the request
// itself. Every user may do everything.
func (s *Service) authz(w http.ResponseWriter, r *http.Request, path string) {
	switch { // the default rules of Barong 2.6
	case startsWith(path, "api/v2/barong/management", "api/v2/peatio/management"):
		refuse2(http.StatusUnauthorized, "authz.permission_denied").Write(w)
		return
	case startsWith(path, "api/v2/barong/identity", "api/v2/peatio/public", "api/v2/ranger/public"):
		writeJSON(w, http.StatusOK, nil)
		return
	}
	uid, denied := s.authorize(r)
	if denied != nil {
		denied.refusal(barong2).Write(w)
		return
	}
	user := s.byUID[uid] // only Users have keys and sessions
	token, refusal := s.token(r, barong2, auth.Claims{
		UID: user.UID, Email: user.Email, Role: user.Role, Level: user.Level,
		Audience: sessionAudience(), TokenID: randomHex(10), Referral: new(""),
		Lifetime: min(s.cfg.TokenLife, authzLife),
	})
	if refusal != nil {
		refusal.Write(w)
		return
	}
	w.Header().Set("Authorization", "Bearer "+token)
	writeJSON(w, http.StatusOK, nil)
}

// sessionAudience returns the audience of session tokens.
func sessionAudience() []string { return []string{"peatio", "barong"} }

// token signs a session token.
func (s *Service) token(r *http.Request, of dialect, c auth.Claims) (string, *Refusal) {
	token, err := s.cfg.Signer.Sign(c)
	if err != nil { // the key is invalid
		s.cfg.Log.ErrorContext(r.Context(), "session token not signed", "uid", c.UID, "error", err)
		return "", of.refuse(http.StatusInternalServerError, "server.internal_error", "Something went wrong")
	}
	return token, nil
}

func startsWith(path string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
