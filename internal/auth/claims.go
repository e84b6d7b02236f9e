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

// latestDate is the last second of the year 9999. A later date is a slip, such as
// milliseconds for seconds, and past it arithmetic on dates may overflow.
const latestDate = 253402300799

// claims are a token's claims by name, each as its JSON text. encoding/json would
// match a struct's fields without regard to case; a map has names byte for byte.
// Of a claim given twice the last counts.
type claims struct {
	jwt.MapClaims // always nil: makes this a jwt.Claims, and is never asked
	fields        map[string]json.RawMessage
}

// UnmarshalJSON reads a JSON object, in UTF-8 as RFC 7519 §7.1 has it.
func (c *claims) UnmarshalJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("claims are not UTF-8")
	}
	return json.Unmarshal(data, &c.fields)
}

// check returns whom a token with these claims names, or why it is refused.
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

// checkTimes checks exp, nbf and iat, and returns exp with its leeway.
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

// checkBegun checks that nbf and iat, where they are there, are not after these.
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

// date reads a NumericDate (RFC 7519 §2), which may have a fraction. It is not ok
// when it is of another JSON kind, negative, or past the year 9999.
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

// namesAudience says whether aud, a string or an array of strings, names one of
// these. A string is one entry, whatever commas or spaces are in it.
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

// keyID returns api_kid, empty where it is absent or null. It is not ok when it is
// of another kind: a session that cannot be revoked by its key is not begun.
func (c *claims) keyID() (id string, ok bool) {
	raw, present := c.fields["api_kid"]
	if !present || string(raw) == "null" {
		return "", true
	}
	return text(raw)
}

// text returns a claim that is a string, and "" for any other.
func (c *claims) text(name string) string {
	s, _ := text(c.fields[name])
	return s
}

// about returns what can be read of a token, be it bad. The token may be nil.
func (c *claims) about(token *jwt.Token, uidClaim string) subject {
	var keyID string
	if token != nil {
		keyID, _ = token.Header["kid"].(string)
	}
	return subject{keyID: keyID, issuer: c.text("iss"), uid: c.text(uidClaim)}
}

// text decodes the JSON text of a string; it is not ok for any other. The text is
// part of valid JSON in UTF-8.
func text(raw json.RawMessage) (s string, ok bool) {
	switch {
	case len(raw) == 0 || raw[0] != '"':
		return "", false
	case bytes.IndexByte(raw, '\\') < 0: // as it stands; nearly every claim
		return string(raw[1 : len(raw)-1]), true
	default:
		ok = json.Unmarshal(raw, &s) == nil
		return s, ok
	}
}

// validUID says whether a user can be named so. U+FFFD is what encoding/json makes
// of half a surrogate pair: two users could come to bear one name.
func validUID(uid string) bool {
	return strings.TrimSpace(uid) != "" && len(uid) <= event.MaxUID &&
		!strings.ContainsFunc(uid, func(r rune) bool {
			return r == utf8.RuneError || unicode.IsControl(r)
		})
}
