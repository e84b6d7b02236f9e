package auth

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ranger/internal/event"
)

// Signer signs session tokens as Barong would, for trials, tests and the sandbox.
// It is safe for concurrent use.
type Signer struct {
	method jwt.SigningMethod
	key    any
}

// Claims are what a Signer writes into a token. The zero value of each field but
// UID stands for what Peatio's own sample client writes.
type Claims struct {
	UID      event.UID
	Email    string        // left out when empty
	Role     string        // left out when empty
	Level    int           // 0 stands for 3
	State    string        // default "active"
	Issuer   string        // default "barong"
	Audience []string      // default "peatio" alone
	TokenID  string        // the claim jti; default a random UUID
	KeyID    string        // the claim api_kid, left out when empty
	Lifetime time.Duration // from now to exp, in whole seconds; default ten minutes; may be negative

	// Scopes, where it is not nil, is the claim aud in place of Audience: this text
	// as it stands, null for "". Barong 1.8 makes an API key's tokens so.
	Scopes *string
	// Referral, where it is not nil, is the claim referral_id, null for "", as in
	// the tokens that Barong 2.x makes for a gateway.
	Referral *string
}

// NewSigner returns a Signer for one of the algorithms of Config. The key is a PEM
// private key (PKCS #1, PKCS #8 or SEC 1) or Base64 of one, and must fit; for
// HS256, HS384 and HS512 it is the secret, byte for byte.
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
	if err := fit(method, private.Public()); err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return &Signer{method: method, key: private}, nil
}

// PublicKey returns the key that checks what s signs, nil for a secret.
func (s *Signer) PublicKey() crypto.PublicKey {
	private, ok := s.key.(crypto.Signer)
	if !ok {
		return nil
	}
	return private.Public()
}

// Sign returns a token with these claims, issued now.
func (s *Signer) Sign(c Claims) (string, error) {
	if !validUID(string(c.UID)) {
		return "", fmt.Errorf("uid %.64q: must not be blank, hold control characters, or be longer than %d bytes", c.UID, event.MaxUID)
	}
	now := time.Now()
	claims := jwt.MapClaims{
		"iat":   now.Unix(),
		"exp":   now.Add(orDefault(c.Lifetime, 10*time.Minute)).Unix(),
		"jti":   c.TokenID,
		"sub":   "session",
		"iss":   orDefault(c.Issuer, "barong"),
		"aud":   c.Audience,
		"uid":   c.UID,
		"level": orDefault(c.Level, 3),
		"state": orDefault(c.State, "active"),
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

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// newUUID returns a random UUID (RFC 9562 §5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
