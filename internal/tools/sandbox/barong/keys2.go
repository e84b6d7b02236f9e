package barong

import (
	"net/http"
	"strings"
)

// secretKey is an API key of Barong 2.x: client and server share a secret.
type secretKey struct {
	Algorithm string    `json:"algorithm"`
	CreatedAt timestamp `json:"created_at"`
	KID       string    `json:"kid"`
	Scope     []string  `json:"scope"` // stored but not checked; not changed in place
	Secret    *secret   `json:"secret,omitempty"`
	State     string    `json:"state"`
	UpdatedAt timestamp `json:"updated_at"`
	secret    string
}

// secret is the answer of Vault that Barong 2.3 to 2.5 return once, when the key is
// created.
type secret struct {
	Auth *string `json:"auth"`
	Data struct {
		Value string `json:"value"`
	} `json:"data"`
	LeaseDuration int     `json:"lease_duration"`
	LeaseID       string  `json:"lease_id"`
	Metadata      *string `json:"metadata"`
	Renewable     bool    `json:"renewable"`
	Warnings      *string `json:"warnings"`
	WrapInfo      *string `json:"wrap_info"`
}

// keyOwner returns the user who may see and change API keys: the request must be
// authenticated and have a TOTP code (Barong 2.x, resource/api_keys.rb).
func (s v2) keyOwner(c *call) (*User, *Refusal) {
	user, refusal := s.user(c.r)
	if refusal != nil {
		return nil, refusal
	}
	passcode := c.params.optional("totp_code", "otp_code")
	switch {
	case user.TOTPSecret == "":
		return nil, refuse2(http.StatusBadRequest, "resource.api_key.2fa_disabled")
	case len(c.params.faults) > 0:
		return nil, c.faults()
	case passcode == "":
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.missing_otp")
	case !s.codeValid(user, passcode):
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.invalid_otp")
	}
	return user, nil
}

func (s v2) listKeys(c *call) (any, *Refusal) {
	user, refusal := s.keyOwner(c)
	if refusal != nil {
		return nil, refusal
	}
	return s.secretKeys.list(user.UID), nil
}

// createKey creates an API key. Only this answer contains its secret.
func (s v2) createKey(c *call) (any, *Refusal) {
	user, refusal := s.keyOwner(c)
	if refusal != nil {
		return nil, refusal
	}
	algorithm, scope := c.params.required("algorithm"), c.params.optional("scope")
	if refusal := c.faults(); refusal != nil {
		return nil, refusal
	}
	switch {
	case algorithm != "HS256":
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.invalid_algorithm")
	case len(scope) > maxScope:
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.invalid_scope")
	}
	now := timestamp(s.cfg.Now())
	key := secretKey{
		Algorithm: algorithm, CreatedAt: now, KID: randomHex(8), Scope: splitScope(scope),
		State: stateActive, UpdatedAt: now, secret: randomHex(16),
	}
	if !s.secretKeys.add(user.UID, key.KID, key) {
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.too_many")
	}
	key.Secret = &secret{LeaseDuration: 2764800}
	key.Secret.Data.Value = key.secret
	return key, nil
}

func (s v2) updateKey(c *call) (any, *Refusal) {
	key, refusal := s.ownKey(c)
	if refusal != nil {
		return nil, refusal
	}
	scope, state := c.params.optional("scope"), c.params.optional("state")
	if refusal := c.faults(); refusal != nil {
		return nil, refusal
	}
	switch {
	case len(scope) > maxScope:
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.invalid_scope")
	case state != "" && state != stateActive && state != stateInactive:
		return nil, refuse2(http.StatusUnprocessableEntity, "resource.api_key.invalid_state")
	}
	if scope != "" {
		key.Scope = splitScope(scope)
	}
	if state != "" {
		key.State = state
	}
	key.UpdatedAt = timestamp(s.cfg.Now())
	s.secretKeys.replace(key.KID, key)
	return key, nil
}

func (s v2) deleteKey(c *call) (any, *Refusal) {
	key, refusal := s.ownKey(c)
	if refusal != nil {
		return nil, refusal
	}
	s.secretKeys.remove(key.KID)
	return nil, nil
}

// ownKey returns the API key in the path if it belongs to the user.
func (s v2) ownKey(c *call) (secretKey, *Refusal) {
	user, refusal := s.keyOwner(c)
	if refusal != nil {
		return secretKey{}, refusal
	}
	owner, key, ok := s.secretKeys.find(c.id)
	if !ok || owner != user.UID {
		return secretKey{}, refuse2(http.StatusNotFound, "record.not_found")
	}
	return key, nil
}

// splitScope splits a comma list. It never returns nil.
func splitScope(scope string) []string {
	if scope == "" {
		return []string{}
	}
	return strings.Split(scope, ",")
}
