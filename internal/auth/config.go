package auth

import (
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config is what a Verifier needs. The zero value of each field but Keys and
// Secret works.
type Config struct {
	// Algorithm is the one algorithm that a token's header may name: one of RS,
	// PS and ES with 256, 384 or 512, EdDSA, HS256, HS384, HS512. Default RS256.
	Algorithm string
	// Keys are the public keys, any of which a token may be signed with. At least
	// one, and each fit for Algorithm, unless that is one of HS.
	Keys []crypto.PublicKey
	// Secret is for HS256, HS384 and HS512 alone, and needed there.
	Secret []byte

	// Issuer is what the claim iss must equal; empty: iss is not looked at.
	Issuer string
	// Audience has the names of which the claim aud must have at least one. Empty:
	// "peatio" alone. An entry "*" turns the check off: aud is not looked at.
	Audience []string
	// UIDClaim is the claim that names the user. Default "uid".
	UIDClaim string

	// IssuedAtLeeway is by how much iat may lie in the future.
	IssuedAtLeeway time.Duration
	// ExpirationLeeway is for how long a token is good after its exp.
	ExpirationLeeway time.Duration
	// NotBeforeLeeway is for how long a token is good before its nbf.
	NotBeforeLeeway time.Duration

	// Workers is how many tokens are checked at a time. Default GOMAXPROCS.
	Workers int
	// Log gets a line for a refusal, at most 20 a second. Default none.
	Log *slog.Logger
	// Metrics counts. Default none.
	Metrics Metrics
}

// Metrics counts the tokens. Its methods are called from several goroutines at a
// time.
type Metrics interface {
	// TokenAccepted counts a good token.
	TokenAccepted()
	// TokenRefused counts a bad one; reason is one of Reasons.
	TokenRefused(reason string)
}

// withDefaults puts the defaults in the place of zero values.
func (cfg Config) withDefaults() Config {
	if cfg.Algorithm == "" {
		cfg.Algorithm = jwt.SigningMethodRS256.Alg()
	}
	if len(cfg.Audience) == 0 {
		cfg.Audience = []string{"peatio"}
	}
	if slices.Contains(cfg.Audience, "*") {
		cfg.Audience = nil // from here on: aud is not looked at
	}
	if cfg.UIDClaim == "" {
		cfg.UIDClaim = "uid"
	}
	if cfg.Workers == 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = noMetrics{}
	}
	return cfg
}

// check returns an error for each field that is wrong by itself.
func (cfg Config) check() error {
	var errs []error
	for _, leeway := range []struct {
		name  string
		value time.Duration
	}{
		{"issued-at leeway", cfg.IssuedAtLeeway},
		{"expiration leeway", cfg.ExpirationLeeway},
		{"not-before leeway", cfg.NotBeforeLeeway},
	} {
		if leeway.value < 0 {
			errs = append(errs, fmt.Errorf("%s %s: must not be negative", leeway.name, leeway.value))
		}
	}
	for _, entry := range cfg.Audience {
		if strings.TrimSpace(entry) == "" {
			errs = append(errs, errors.New(`audience: an entry is blank: take it out, or write "*" to turn the check off`))
		}
	}
	if cfg.Workers < 0 {
		errs = append(errs, fmt.Errorf("workers %d: must be at least 1", cfg.Workers))
	}
	return errors.Join(errs...)
}

// checkKeys returns an error when the keys or the secret do not fit the method.
func (cfg Config) checkKeys(method jwt.SigningMethod) error {
	switch {
	case !isHMAC(method) && len(cfg.Secret) > 0:
		return fmt.Errorf("secret: it is for HS256, HS384 and HS512 alone, but the algorithm is %s: give a public key in its place", method.Alg())
	case !isHMAC(method) || len(cfg.Keys) > 0:
		return fitAll(method, cfg.Keys)
	default:
		return checkSecret(cfg.Secret)
	}
}

// noMetrics counts nothing.
type noMetrics struct{}

func (noMetrics) TokenAccepted()      {}
func (noMetrics) TokenRefused(string) {}
