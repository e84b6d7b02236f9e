package auth

import (
	"cmp"
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

// Config configures a Verifier. The zero value of each field selects its default, except
// for Keys and Secret, one of which is required.
type Config struct {
	// Algorithm is the algorithm with which tokens must be signed, one of Algorithms.
	// Default RS256.
	Algorithm string
	// Keys are the public keys of the signers. A token is valid if one of them verifies
	// it. Each must suit Algorithm.
	Keys []crypto.PublicKey
	// Secret is the key for HS256, HS384 and HS512, which need no Keys.
	Secret []byte

	// Issuer is the required value of the claim iss; empty: iss is not checked.
	Issuer string
	// Audience are names, one of which the claim aud must have. Default "peatio". If one
	// of them is "*", aud is not checked.
	Audience []string
	// UIDClaim is the name of the claim with the uid. Default "uid".
	UIDClaim string

	// IssuedAtLeeway is how far iat may be in the future.
	IssuedAtLeeway time.Duration
	// ExpirationLeeway is how long a token is valid after its exp.
	ExpirationLeeway time.Duration
	// NotBeforeLeeway is how long a token is valid before its nbf.
	NotBeforeLeeway time.Duration

	// Workers is the number of tokens that are checked concurrently. Default GOMAXPROCS.
	Workers int
	// Log gets a line for each refusal, at most 20 per second. Default: none.
	Log *slog.Logger
	// Metrics counts tokens. Default: none.
	Metrics Metrics
}

// Metrics counts tokens. It must be safe for concurrent use.
type Metrics interface {
	// TokenAccepted counts a valid token.
	TokenAccepted()
	// TokenRefused counts a refused token; reason is one of Reasons.
	TokenRefused(reason string)
}

// withDefaults replaces zero values by the defaults.
func (cfg Config) withDefaults() Config {
	cfg.Algorithm = cmp.Or(cfg.Algorithm, jwt.SigningMethodRS256.Alg())
	if len(cfg.Audience) == 0 {
		cfg.Audience = []string{"peatio"}
	}
	if slices.Contains(cfg.Audience, "*") {
		cfg.Audience = nil // nil: aud is not checked
	}
	cfg.UIDClaim = cmp.Or(cfg.UIDClaim, "uid")
	cfg.Workers = cmp.Or(cfg.Workers, runtime.GOMAXPROCS(0))
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	cfg.Metrics = cmp.Or(cfg.Metrics, Metrics(noMetrics{}))
	return cfg
}

// check returns an error for each field that is invalid by itself.
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
			errs = append(errs, errors.New(`audience: must not have a blank entry; "*" turns the check off`))
		}
	}
	if cfg.Workers < 0 {
		errs = append(errs, fmt.Errorf("workers %d: must be at least 1", cfg.Workers))
	}
	return errors.Join(errs...)
}

// checkKeys returns an error unless the keys or the secret suit the method.
func (cfg Config) checkKeys(method jwt.SigningMethod) error {
	switch {
	case !isHMAC(method) && len(cfg.Secret) > 0:
		return fmt.Errorf("secret: must be unset for algorithm %s, which needs a public key", method.Alg())
	case !isHMAC(method) || len(cfg.Keys) > 0:
		return checkPublicKeys(method, cfg.Keys)
	default:
		return checkSecret(cfg.Secret)
	}
}

// noMetrics implements Metrics and does nothing.
type noMetrics struct{}

func (noMetrics) TokenAccepted()      {}
func (noMetrics) TokenRefused(string) {}
