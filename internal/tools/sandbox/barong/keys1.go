package barong

import (
	"crypto"
	"fmt"
	"net/http"
	"time"

	"ranger/internal/auth"
)

// States of an API key.
const (
	stateActive   = "active"
	stateInactive = "inactive"
)

// maxScope is the length of the longest list of scopes in bytes.
const maxScope = 255

// publicKey is an API key of Barong 1.8: the client signs with the private half.
type publicKey struct {
	UID       string    `json:"uid"`
	PublicKey string    `json:"public_key"` // as sent by the client
	Scopes    *string   `json:"scopes"`     // as sent by the client; null if none
	ExpiresIn int       `json:"expires_in"` // lifetime of the session tokens for it, in seconds
	State     string    `json:"state"`
	CreatedAt timestamp `json:"created_at"`
	UpdatedAt timestamp `json:"updated_at"`
	key       crypto.PublicKey
}

// timestamp is a time in Barong's format: ISO 8601, UTC, seconds.
type timestamp time.Time

// MarshalText formats the time.
func (t timestamp) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, "2006-01-02T15:04:05Z"), nil
}

// keyOwner returns the user who may see and change API keys: the request needs a session
// token and a TOTP code (Barong 1.8, api_keys.rb).
func (s v1) keyOwner(c *call) (*User, *Refusal) {
	user, refusal := s.user(c.r)
	if refusal != nil {
		return nil, refusal
	}
	if user.TOTPSecret == "" {
		return nil, refuse1(http.StatusBadRequest, "Only accounts with enabled 2FA alowed") // as upstream spells it
	}
	passcode := c.params.required("totp_code", "otp_code")
	if refusal := c.faults(); refusal != nil {
		return nil, refusal
	}
	if !s.codeValid(user, passcode) {
		return nil, refuse1(http.StatusUnprocessableEntity, "OTP code is invalid")
	}
	return user, nil
}

func (s v1) listKeys(c *call) (any, *Refusal) {
	user, refusal := s.keyOwner(c)
	if refusal != nil {
		return nil, refusal
	}
	return s.publicKeys.list(user.UID), nil
}

func (s v1) createKey(c *call) (any, *Refusal) {
	user, refusal := s.keyOwner(c)
	if refusal != nil {
		return nil, refusal
	}
	now := timestamp(s.cfg.Now())
	key := publicKey{UID: newUUID(), ExpiresIn: 86400, State: stateActive, CreatedAt: now, UpdatedAt: now}
	c.params.required("public_key")
	if refusal := key.change(c); refusal != nil {
		return nil, refusal
	}
	if !s.publicKeys.add(user.UID, key.UID, key) {
		return nil, refuse1(http.StatusUnprocessableEntity, "You have too many API keys: delete one first")
	}
	return key, nil
}

func (s v1) showKey(c *call) (any, *Refusal) {
	key, refusal := s.ownKey(c)
	if refusal != nil {
		return nil, refusal
	}
	return key, nil
}

func (s v1) updateKey(c *call) (any, *Refusal) {
	key, refusal := s.ownKey(c)
	if refusal != nil {
		return nil, refusal
	}
	switch state := c.params.optional("state"); state {
	case "":
	case stateActive, stateInactive:
		key.State = state
	default:
		return nil, refuse1(http.StatusUnprocessableEntity, "State must be active or inactive")
	}
	if refusal := key.change(c); refusal != nil {
		return nil, refusal
	}
	key.UpdatedAt = timestamp(s.cfg.Now())
	s.publicKeys.replace(key.UID, key)
	return key, nil
}

func (s v1) deleteKey(c *call) (any, *Refusal) {
	key, refusal := s.ownKey(c)
	if refusal != nil {
		return nil, refusal
	}
	s.publicKeys.remove(key.UID)
	return nil, nil
}

// ownKey returns the API key in the path if it belongs to the user.
func (s v1) ownKey(c *call) (publicKey, *Refusal) {
	user, refusal := s.keyOwner(c)
	if refusal != nil {
		return publicKey{}, refusal
	}
	owner, key, ok := s.publicKeys.find(c.id)
	if !ok || owner != user.UID {
		return publicKey{}, refuse1(http.StatusNotFound, "Record is not found")
	}
	return key, nil
}

// change sets the public_key, scopes and expires_in of a request.
func (k *publicKey) change(c *call) *Refusal {
	text, scopes := c.params.optional("public_key"), c.params.optional("scopes")
	seconds, timed := c.params.integer("expires_in", "expired_in")
	if refusal := c.faults(); refusal != nil {
		return refusal
	}
	if timed {
		k.ExpiresIn = seconds
	}
	if scopes != "" {
		k.Scopes = &scopes
	}
	switch {
	case k.ExpiresIn < 30:
		return refuse1(http.StatusUnprocessableEntity, "Expires in must be greater than or equal to 30")
	case k.ExpiresIn > 86400:
		return refuse1(http.StatusUnprocessableEntity, "Expires in must be less than or equal to 86400")
	case len(scopes) > maxScope:
		return refuse1(http.StatusUnprocessableEntity, fmt.Sprintf("Scopes is too long (maximum is %d bytes)", maxScope))
	case text == "":
		return nil
	}
	key, err := auth.ParseClientKey(text)
	if err != nil { // Barong accepts such a key, and then none of its tokens
		return refuse1(http.StatusUnprocessableEntity, "Public key is invalid: "+err.Error())
	}
	k.PublicKey, k.key = text, key
	return nil
}
