package auth

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxClientRSABits limits the work of verifying with a key that a client registered.
const maxClientRSABits = 8192

// ParseClientKey returns the public key of a client for VerifyKeyToken. text has the form
// of ParsePublicKeys, with exactly one key, an RSA key of 1024 to 8192 bits.
func ParseClientKey(text string) (crypto.PublicKey, error) {
	keys, err := ParsePublicKeys(text)
	if err != nil {
		return nil, err
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("%d public keys: give one", len(keys))
	}
	if err := checkPublicKey(jwt.SigningMethodRS256, keys[0]); err != nil {
		return nil, err
	}
	if key, ok := keys[0].(*rsa.PublicKey); ok && key.N.BitLen() > maxClientRSABits {
		return nil, fmt.Errorf("an RSA key of %d bits is too long: generate one of 2048 bits (at most %d)", key.N.BitLen(), maxClientRSABits)
	}
	return keys[0], nil
}

// VerifyKeyToken checks a token that a client signed with its own key, as Barong 1.8 does
// before it issues a session token (api_key.rb, JWT_OPTIONS): RS256, iss "external", sub
// "api_key_jwt", a jti that is not blank; exp, nbf and iat must hold at now if they are
// present. Such a token is not a session token: a Verifier refuses it. For an invalid
// token it returns a RefusalError. It is safe for concurrent use.
func VerifyKeyToken(key crypto.PublicKey, token string, now time.Time) error {
	_, c, reason := newParser(jwt.SigningMethodRS256.Alg()).parse(token, key)
	if reason == accepted {
		reason = c.checkKeyToken(now)
	}
	if reason != accepted {
		return &RefusalError{Reason: reason}
	}
	return nil
}

// checkKeyToken returns why a client's token with these claims is refused, or accepted.
func (c *claims) checkKeyToken(now time.Time) Reason {
	if c.fields == nil { // JSON null
		return Malformed
	}
	if exp, present, ok := c.date("exp"); present && !ok {
		return BadClaim
	} else if present && !now.Before(exp) {
		return Expired
	}
	if reason := c.checkBegun(now, now); reason != accepted {
		return reason
	}
	switch {
	case c.text("iss") != "external":
		return Issuer
	case c.text("sub") != "api_key_jwt":
		return Subject
	case strings.TrimSpace(c.text("jti")) == "":
		return TokenID
	default:
		return accepted
	}
}
