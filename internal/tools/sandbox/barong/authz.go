package barong

import (
	"net/http"
	"strings"
	"time"

	"ranger/internal/auth"
)

// authzPath is where a gateway asks about a request, before the path of that.
const authzPath = "/api/v2/auth/"

// authzLife is the longest time for which a token for a gateway is good.
const authzLife = time.Hour

// authz tells a gateway about a request that came to it: 200 with an Authorization
// header to put in, 200 without one where nobody needs to be known, or a refusal.
// The method counts as the request's own. Every user may do everything.
func (s *Service) authz(w http.ResponseWriter, r *http.Request, path string) {
	switch { // the rules that Barong 2.6 comes with
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
	user := s.byUID[uid] // nobody else has keys or sessions
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

// sessionAudience is whom a session token is for.
func sessionAudience() []string { return []string{"peatio", "barong"} }

// token signs a session token.
func (s *Service) token(r *http.Request, of dialect, c auth.Claims) (string, *Refusal) {
	token, err := s.cfg.Signer.Sign(c)
	if err != nil { // the key is bad
		s.cfg.Log.ErrorContext(r.Context(), "token not signed", "uid", c.UID, "error", err)
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
