package barong

import (
	"net/http"
	"time"

	"ranger/internal/event"
)

const (
	cookieName = "_barong_session"
	// sessionLife is the lifetime of a session after its last request.
	sessionLife = 30 * time.Minute
)

// session is the session of a cookie.
type session struct {
	csrf    string
	expires time.Time
}

// profile is a user in the form of Barong 2.x.
type profile struct {
	CreatedAt    timestamp `json:"created_at"`
	CSRFToken    string    `json:"csrf_token,omitempty"`
	Data         string    `json:"data"` // JSON in a string
	DataStorages []string  `json:"data_storages"`
	Email        string    `json:"email"`
	Labels       []label   `json:"labels"`
	Level        int       `json:"level"`
	OTP          bool      `json:"otp"`
	Phones       []string  `json:"phones"`
	Profiles     []string  `json:"profiles"`
	ReferralUID  *string   `json:"referral_uid"`
	Role         string    `json:"role"`
	State        string    `json:"state"`
	UID          event.UID `json:"uid"`
	UpdatedAt    timestamp `json:"updated_at"`
}

// label is a property that Barong has verified about a user.
type label struct {
	CreatedAt timestamp `json:"created_at"`
	Key       string    `json:"key"`
	Scope     string    `json:"scope"`
	UpdatedAt timestamp `json:"updated_at"`
	Value     string    `json:"value"`
}

// profile returns the profile of a user. Sandbox users have no phones and no documents.
func (s v2) profile(user *User, csrf string) profile {
	created := timestamp(s.created)
	return profile{
		CreatedAt: created, CSRFToken: csrf, Data: `{"language":"en"}`, DataStorages: []string{}, Email: user.Email,
		Labels: []label{{created, "email", "private", created, "verified"}},
		Level:  user.Level, OTP: user.TOTPSecret != "", Phones: []string{}, Profiles: []string{},
		Role: user.Role, State: "active", UID: user.UID, UpdatedAt: created,
	}
}

// openSession signs a user in and sets the cookie (Barong 2.x, identity/sessions.rb).
func (s v2) openSession(c *call) (any, *Refusal) {
	email, password := c.params.required("email"), c.params.required("password")
	passcode := c.params.optional("otp_code", "totp_code")
	if refusal := c.faults(); refusal != nil {
		return nil, refusal
	}
	user := s.signIn(email, password)
	switch {
	case user == nil:
		return nil, s.logRefusal(c, refuse2(http.StatusUnauthorized, "identity.session.invalid_params"))
	case user.TOTPSecret != "" && passcode == "":
		return nil, s.logRefusal(c, refuse2(http.StatusUnauthorized, "identity.session.missing_otp"))
	case user.TOTPSecret != "" && !s.codeValid(user, passcode):
		return nil, s.logRefusal(c, refuse2(http.StatusForbidden, "identity.session.invalid_otp"))
	}
	id, opened := randomHex(16), session{randomHex(10), s.cfg.Now().Add(sessionLife)}
	s.sessions.push(user.UID, id, opened)
	setCookie(c, id)
	return s.profile(user, opened.csrf), nil
}

// closeSession ends the session of the cookie. It needs no CSRF token.
func (s v2) closeSession(c *call) (any, *Refusal) {
	id, _, _, ok := s.session(c.r)
	if !ok {
		return nil, refuse2(http.StatusNotFound, "identity.session.not_found")
	}
	s.sessions.remove(id)
	setCookie(c, "")
	return nil, nil
}

// showUser returns the caller's profile.
func (s v2) showUser(c *call) (any, *Refusal) {
	user, refusal := s.user(c.r)
	if refusal != nil {
		return nil, refusal
	}
	return s.profile(user, ""), nil
}

// session returns the session of a request's cookie, even if it has expired, and its
// owner.
func (s *Service) session(r *http.Request) (id string, owner event.UID, found session, ok bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return "", "", session{}, false
	}
	owner, found, ok = s.sessions.find(cookie.Value)
	return cookie.Value, owner, found, ok
}

// setCookie sets the cookie, or deletes it if id is empty. Over plain HTTP it is not
// Secure: browsers would not send it back.
func setCookie(c *call, id string) {
	cookie := &http.Cookie{ //nolint:gosec // G124 wants Secure, which is for TLS
		Name: cookieName, Value: id, Path: "/",
		Secure: c.r.TLS != nil, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if id == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.w, cookie)
}
