package barong

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"ranger/internal/event"
)

// nonceWindow is the largest difference between a nonce and now.
const nonceWindow = 5 * time.Second

// denial is the reason why a request is not authenticated: an error code of Barong 2.x.
type denial struct {
	status int
	code   string
}

// refusal returns the denial in the form of a dialect.
func (d *denial) refusal(of dialect) *Refusal {
	text := "The access token is invalid" // Doorkeeper's
	switch {
	case d.status == http.StatusServiceUnavailable:
		text = "Tokens cannot be checked"
	case of == peatio1:
		text = "Authorization failed"
	case strings.HasPrefix(d.code, "authz."):
		text += ": " + d.code
	}
	return of.refuse(d.status, d.code, text)
}

// Authenticate returns the user of a request: from its Authorization header, else from
// its X-Auth headers, else from its session cookie. With the cookie, a request that may
// change something needs an X-CSRF-Token. A session token may name a uid that is not one
// of the Users. The refusal has the form of the API of the request's path: Barong's, or
// that of Peatio 1.8 or 2.x.
func (s *Service) Authenticate(r *http.Request) (event.UID, *Refusal) {
	var uid event.UID
	var denied *denial
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		uid, denied = s.bearer(r, authorization)
	} else {
		uid, denied = s.authorize(r)
	}
	if denied != nil {
		return "", denied.refusal(dialectOf(r.URL.Path))
	}
	return uid, nil
}

// user returns the User of a request.
func (s *Service) user(r *http.Request) (*User, *Refusal) {
	uid, refusal := s.Authenticate(r)
	if refusal != nil {
		return nil, refusal
	}
	user := s.byUID[uid]
	if user == nil {
		return nil, dialectOf(r.URL.Path).refuse(http.StatusUnauthorized, "authz.invalid_session", "Account does not exist")
	}
	return user, nil
}

// bearer returns the uid of a session token.
func (s *Service) bearer(r *http.Request, authorization string) (event.UID, *denial) {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", &denial{http.StatusUnauthorized, "jwt.decode_and_verify"}
	}
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // for the verifier's log
	identity, err := s.cfg.Verifier.Verify(r.Context(), strings.TrimSpace(token), peer)
	switch {
	case errors.Is(err, event.ErrRefused):
		return "", &denial{http.StatusUnauthorized, "jwt.decode_and_verify"}
	case err != nil:
		s.cfg.Log.WarnContext(r.Context(), "token not checked", "error", err)
		return "", &denial{http.StatusServiceUnavailable, "server.unavailable"}
	}
	return identity.UID, nil
}

// authorize authenticates a request as Barong 2.x does for a gateway: by the X-Auth
// headers if there is any, else by the cookie.
func (s *Service) authorize(r *http.Request) (event.UID, *denial) {
	var values [3]string
	present, blank := false, false
	for i, name := range []string{"X-Auth-Apikey", "X-Auth-Nonce", "X-Auth-Signature"} {
		values[i] = r.Header.Get(name)
		present = present || len(r.Header.Values(name)) > 0
		blank = blank || strings.TrimSpace(values[i]) == ""
	}
	switch {
	case !present:
		return s.cookie(r)
	case blank:
		return "", &denial{http.StatusUnprocessableEntity, "authz.invalid_api_key_headers"}
	default:
		return s.triple(values[0], values[1], values[2])
	}
}

// triple returns the owner of the API key that signed a nonce.
func (s *Service) triple(kid, nonce, signature string) (event.UID, *denial) {
	owner, key, ok := s.secretKeys.find(kid)
	if !ok {
		return "", &denial{http.StatusUnauthorized, "authz.unexistent_apikey"}
	}
	sent, err := strconv.ParseInt(nonce, 10, 64)
	if err != nil || sent <= 0 {
		return "", &denial{http.StatusUnauthorized, "authz.nonce_not_valid_timestamp"}
	}
	if off := s.cfg.Now().UnixMilli() - sent; max(off, -off) >= nonceWindow.Milliseconds() {
		return "", &denial{http.StatusUnauthorized, "authz.nonce_expired"}
	}
	if !hmac.Equal([]byte(sign(key.secret, nonce, kid)), []byte(signature)) {
		return "", &denial{http.StatusUnauthorized, "authz.invalid_signature"}
	}
	if key.State != stateActive {
		return "", &denial{http.StatusUnauthorized, "authz.apikey_not_active"}
	}
	return owner, nil
}

// sign returns the value of X-Auth-Signature.
func sign(secret, nonce, kid string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(nonce + kid))
	return hex.EncodeToString(mac.Sum(nil))
}

// cookie returns the owner of a cookie's session, and extends the session.
func (s *Service) cookie(r *http.Request) (event.UID, *denial) {
	id, owner, current, ok := s.session(r)
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace:
		token := r.Header.Get("X-CSRF-Token")
		if token == "" {
			return "", &denial{http.StatusUnauthorized, "authz.missing_csrf_token"}
		}
		if !ok || !hmac.Equal([]byte(token), []byte(current.csrf)) {
			return "", &denial{http.StatusUnauthorized, "authz.csrf_token_mismatch"}
		}
	}
	if !ok {
		return "", &denial{http.StatusUnauthorized, "authz.invalid_session"}
	}
	now := s.cfg.Now()
	if !now.Before(current.expires) {
		s.sessions.remove(id)
		return "", &denial{http.StatusUnauthorized, "authz.client_session_mismatch"}
	}
	current.expires = now.Add(sessionLife)
	s.sessions.replace(id, current)
	return owner, nil
}
