package auth

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxClientRSABits bounds the work that a client's own key can make.
const maxClientRSABits = 8192

// ParseClientKey returns the public key of a client, with which VerifyKeyToken
// checks what the client signed. Text is as for ParsePublicKeys, with one key in it:
// an RSA key of 1024 to 8192 bits.
func ParseClientKey(text string) (crypto.PublicKey, error) {
	keys, err := ParsePublicKeys(text)
	if err != nil {
		return nil, err
	}
	if len(keys) > 1 {
		return nil, fmt.Errorf("there are %d public keys in it: give one", len(keys))
	}
	if err := fit(jwt.SigningMethodRS256, keys[0]); err != nil {
		return nil, err
	}
	if key, ok := keys[0].(*rsa.PublicKey); ok && key.N.BitLen() > maxClientRSABits {
		return nil, fmt.Errorf("an RSA key of %d bits is too long: make one of 2048 (at most %d)", key.N.BitLen(), maxClientRSABits)
	}
	return keys[0], nil
}

// VerifyKeyToken checks a token that a client signed with the private half of key,
// as Barong 1.8 does before it gives a session token in return (api_key.rb,
// JWT_OPTIONS): RS256, iss "external", sub "api_key_jwt", a jti that is not blank;
// exp, nbf and iat hold at that moment where they are there. It is good for nothing
// else: a Verifier refuses it. A bad one is a RefusalError. Safe for concurrent use.
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

// checkKeyToken returns why a client's token with these claims is refused.
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
