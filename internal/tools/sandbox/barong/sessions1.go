package barong

import (
	"net/http"
	"strings"
	"time"

	"ranger/internal/auth"
)

// openSession signs a user in with a password and, if the user has a second factor, a
// TOTP code. It returns a session token as a JSON string (Barong 1.8, sessions.rb). Every
// application id is accepted.
func (s v1) openSession(c *call) (any, *Refusal) {
	email, password := c.params.required("email"), c.params.required("password")
	c.params.required("application_id")
	passcode := c.params.optional("otp_code", "totp_code")
	seconds, asked := c.params.integer("expires_in", "expired_in")
	if refusal := c.faults(); refusal != nil {
		return nil, refusal
	}
	user := s.signIn(email, password)
	switch {
	case user == nil:
		return nil, s.logRefusal(c, refuse1(http.StatusUnauthorized, "Invalid Email or Password"))
	case user.TOTPSecret != "" && passcode == "":
		return nil, s.logRefusal(c, refuse1(http.StatusForbidden, "The account has enabled 2FA but OTP code is missing"))
	case user.TOTPSecret != "" && !s.codeValid(user, passcode):
		return nil, s.logRefusal(c, refuse1(http.StatusForbidden, "OTP code is invalid"))
	case asked && (seconds < 1800 || seconds >= 86400):
		return nil, refuse1(http.StatusUnauthorized, "expires_in must be from 1800 to 86399 seconds")
	}
	life := s.cfg.TokenLife
	if asked {
		life = time.Duration(seconds) * time.Second
	}
	claims := user.claims1()
	claims.Audience, claims.Lifetime = sessionAudience(), life
	token, refusal := s.token(c.r, barong1, claims)
	if refusal != nil {
		return nil, refusal
	}
	return token, nil
}

// exchangeToken exchanges a token signed with a client's API key for a session token with
// the key's lifetime (Barong 1.8, session_jwt_generator.rb). The client's token may be
// used again.
func (s v1) exchangeToken(c *call) (any, *Refusal) {
	kid, token := c.params.required("kid"), c.params.required("jwt_token")
	if refusal := c.faults(); refusal != nil {
		return nil, refusal
	}
	owner, key, ok := s.publicKeys.find(kid)
	if !ok || key.State != stateActive {
		return nil, refuse1(http.StatusNotFound, "Record is not found")
	}
	if err := auth.VerifyKeyToken(key.key, token, s.cfg.Now()); err != nil {
		return nil, refuse1(http.StatusUnauthorized, "Failed to decode and verify JWT: #<"+rubyError(err)+">")
	}
	scopes := ""
	if key.Scopes != nil {
		scopes = *key.Scopes
	}
	claims := s.byUID[owner].claims1()
	claims.Scopes, claims.KeyID, claims.Lifetime = &scopes, key.UID, time.Duration(key.ExpiresIn)*time.Second
	signed, refusal := s.token(c.r, barong1, claims)
	if refusal != nil {
		return nil, refusal
	}
	return map[string]string{"token": signed}, nil
}

// claims1 returns the claims of every token of Barong 1.8 for the user.
func (u *User) claims1() auth.Claims {
	return auth.Claims{UID: u.UID, Email: u.Email, Role: u.Role, Level: u.Level, TokenID: strings.ToUpper(randomHex(12))}
}

// logRefusal logs a refused sign-in and returns the refusal.
func (s *Service) logRefusal(c *call, refusal *Refusal) *Refusal {
	s.cfg.Log.InfoContext(c.r.Context(), "sign-in refused", "peer", c.r.RemoteAddr, "path", c.r.URL.Path, "status", refusal.Status)
	return refusal
}
