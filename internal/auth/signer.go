package auth

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ranger/internal/event"
)

// Signer signs session tokens as Barong does, for trials, tests and the sandbox. It is safe
// for concurrent use.
type Signer struct {
	method jwt.SigningMethod
	key    any
}

// Claims are the claims of a token to sign. The zero value of each field except UID selects
// the value of Peatio's sample client.
type Claims struct {
	UID      event.UID
	Email    string        // absent if empty
	Role     string        // absent if empty
	Level    int           // default 3
	State    string        // default "active"
	Issuer   string        // default "barong"
	Audience []string      // default "peatio"
	TokenID  string        // the claim jti; default a random UUID
	KeyID    string        // the claim api_kid, absent if empty
	Lifetime time.Duration // from now to exp, in whole seconds; default 10 min; may be negative

	// Scopes, if not nil, replaces Audience: the claim aud is this string, or null if it
	// is empty, as in tokens that Barong 1.8 issues for an API key.
	Scopes *string
	// Referral, if not nil, is the claim referral_id, or null if it is empty, as in
	// tokens that Barong 2.x issues for a gateway.
	Referral *string
}

// NewSigner returns a Signer for one of Algorithms. key is a private key in PEM (PKCS #1,
// PKCS #8 or SEC 1), or Base64 of that, which must suit the algorithm; for HS256, HS384 and
// HS512 it is the secret, byte for byte.
func NewSigner(algorithm, key string) (*Signer, error) {
	method, err := signingMethod(algorithm)
	if err != nil {
		return nil, err
	}
	if isHMAC(method) {
		secret := []byte(key)
		if err := checkSecret(secret); err != nil {
			return nil, err
		}
		return &Signer{method: method, key: secret}, nil
	}
	private, err := privateKey(key)
	if err != nil {
		return nil, fmt.Errorf("read private key: %w", err)
	}
	if err := checkPublicKey(method, private.Public()); err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return &Signer{method: method, key: private}, nil
}

// PublicKey returns the key that verifies the tokens of s, or nil if s uses a secret.
func (s *Signer) PublicKey() crypto.PublicKey {
	private, ok := s.key.(crypto.Signer)
	if !ok {
		return nil
	}
	return private.Public()
}

// Sign returns a token with these claims whose iat is now.
func (s *Signer) Sign(c Claims) (string, error) {
	if !validUID(string(c.UID)) {
		return "", fmt.Errorf("uid %.64q: must not be blank, contain control characters, or be longer than %d bytes", c.UID, event.MaxUID)
	}
	now := time.Now()
	claims := jwt.MapClaims{
		"iat":   now.Unix(),
		"exp":   now.Add(cmp.Or(c.Lifetime, 10*time.Minute)).Unix(),
		"jti":   c.TokenID,
		"sub":   "session",
		"iss":   cmp.Or(c.Issuer, "barong"),
		"aud":   c.Audience,
		"uid":   c.UID,
		"level": cmp.Or(c.Level, 3),
		"state": cmp.Or(c.State, "active"),
	}
	if c.TokenID == "" {
		claims["jti"] = newUUID()
	}
	if len(c.Audience) == 0 {
		claims["aud"] = []string{"peatio"}
	}
	if c.Scopes != nil {
		claims["aud"] = textOrNull(*c.Scopes)
	}
	if c.Referral != nil {
		claims["referral_id"] = textOrNull(*c.Referral)
	}
	for name, text := range map[string]string{"email": c.Email, "role": c.Role, "api_kid": c.KeyID} {
		if text != "" {
			claims[name] = text
		}
	}
	token, err := jwt.NewWithClaims(s.method, claims).SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return token, nil
}

// textOrNull returns s, or nil if it is empty.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// newUUID returns a random UUID (RFC 9562 §5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
