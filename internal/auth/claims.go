package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"ranger/internal/event"
)

// latestDate is the last second of the year 9999, in Unix seconds. A later date is a
// mistake, such as milliseconds instead of seconds, and could overflow.
const latestDate = 253402300799

// claims are the claims of a token by name, each as its JSON text. A map is used because
// encoding/json ignores case for the fields of a struct. If a name occurs twice, the last
// one counts.
type claims struct {
	jwt.MapClaims // always nil: only implements jwt.Claims
	fields        map[string]json.RawMessage
}

// UnmarshalJSON parses a JSON object, which RFC 7519 §7.1 requires to be UTF-8.
func (c *claims) UnmarshalJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("claims are not UTF-8")
	}
	return json.Unmarshal(data, &c.fields)
}

// check returns the identity in the claims, or why the token is refused.
func (c *claims) check(cfg *Config, now time.Time) (event.Identity, Reason) {
	if c.fields == nil { // JSON null
		return event.Identity{}, Malformed
	}
	expires, reason := c.checkTimes(cfg, now)
	if reason != accepted {
		return event.Identity{}, reason
	}
	if cfg.Issuer != "" && c.text("iss") != cfg.Issuer {
		return event.Identity{}, Issuer
	}
	if cfg.Audience != nil && !c.namesAudience(cfg.Audience) {
		return event.Identity{}, Audience
	}
	if c.text("sub") != "session" {
		return event.Identity{}, Subject
	}
	tokenID := c.text("jti")
	if strings.TrimSpace(tokenID) == "" {
		return event.Identity{}, TokenID
	}
	uid := c.text(cfg.UIDClaim)
	if !validUID(uid) {
		return event.Identity{}, UID
	}
	if _, present := c.fields["state"]; present && c.text("state") != "active" {
		return event.Identity{}, State
	}
	keyID, ok := c.keyID()
	if !ok {
		return event.Identity{}, BadClaim
	}
	return event.Identity{UID: event.UID(uid), Expires: expires, TokenID: tokenID, KeyID: keyID}, accepted
}

// checkTimes checks exp, nbf and iat, and returns exp plus its leeway.
func (c *claims) checkTimes(cfg *Config, now time.Time) (time.Time, Reason) {
	exp, present, ok := c.date("exp")
	if !present {
		return time.Time{}, NoExpiry
	}
	if !ok {
		return time.Time{}, BadClaim
	}
	expires := exp.Add(cfg.ExpirationLeeway)
	if !now.Before(expires) {
		return time.Time{}, Expired
	}
	return expires, c.checkBegun(now.Add(cfg.NotBeforeLeeway), now.Add(cfg.IssuedAtLeeway))
}

// checkBegun checks that nbf and iat, if present, are not after the given times.
func (c *claims) checkBegun(notBefore, issued time.Time) Reason {
	if nbf, present, ok := c.date("nbf"); present && !ok {
		return BadClaim
	} else if nbf.After(notBefore) {
		return NotYetValid
	}
	if iat, present, ok := c.date("iat"); present && !ok {
		return BadClaim
	} else if iat.After(issued) {
		return IssuedInFuture
	}
	return accepted
}

// date parses a claim that is a NumericDate (RFC 7519 §2), which may have a fraction. ok
// is false if it is of another JSON type, negative, or after the year 9999.
func (c *claims) date(name string) (date time.Time, present, ok bool) {
	raw, present := c.fields[name]
	if !present || raw[0] < '0' || raw[0] > '9' {
		return time.Time{}, present, false
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || seconds > latestDate {
		return time.Time{}, true, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second))), true, true
}

// namesAudience reports whether aud, a string or an array of strings, has one of the
// names. A string is one name, even if it contains commas or spaces.
func (c *claims) namesAudience(audience []string) bool {
	raw := c.fields["aud"]
	if len(raw) == 0 || raw[0] != '[' {
		entry, ok := text(raw)
		return ok && slices.Contains(audience, entry)
	}
	var entries []json.RawMessage
	if json.Unmarshal(raw, &entries) != nil {
		return false
	}
	named := false
	for _, raw := range entries {
		entry, ok := text(raw)
		if !ok {
			return false
		}
		named = named || slices.Contains(audience, entry)
	}
	return named
}

// keyID returns api_kid, empty if it is absent or null. ok is false if it is of another
// type: a session that could not be revoked by its key must not begin.
func (c *claims) keyID() (id string, ok bool) {
	raw, present := c.fields["api_kid"]
	if !present || string(raw) == "null" {
		return "", true
	}
	return text(raw)
}

// text returns the text of a claim that is a string, and "" for any other claim.
func (c *claims) text(name string) string {
	s, _ := text(c.fields[name])
	return s
}

// about returns what can be read of a token, even if it is refused. token may be nil.
func (c *claims) about(token *jwt.Token, uidClaim string) subject {
	var keyID string
	if token != nil {
		keyID, _ = token.Header["kid"].(string)
	}
	return subject{keyID: keyID, issuer: c.text("iss"), uid: c.text(uidClaim)}
}

// text decodes a JSON string, which must be part of valid JSON in UTF-8. ok is false for
// a value of another type.
func text(raw json.RawMessage) (s string, ok bool) {
	switch {
	case len(raw) == 0 || raw[0] != '"':
		return "", false
	case bytes.IndexByte(raw, '\\') < 0: // nearly every claim
		return string(raw[1 : len(raw)-1]), true
	default:
		ok = json.Unmarshal(raw, &s) == nil
		return s, ok
	}
}

// validUID reports whether a user can have that uid. It rejects U+FFFD, which encoding/json
// substitutes for an unpaired surrogate: two different uids could become equal.
func validUID(uid string) bool {
	return strings.TrimSpace(uid) != "" && len(uid) <= event.MaxUID &&
		!strings.ContainsFunc(uid, func(r rune) bool {
			return r == utf8.RuneError || unicode.IsControl(r)
		})
}
