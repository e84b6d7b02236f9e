package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// minRSABits is the shortest key that crypto/rsa accepts. RFC 7518 §3.3 requires 2048
// bits, but a running exchange with a shorter key must be able to use ranger.
const minRSABits = 1024

// Algorithms returns the valid values of Config.Algorithm, a fixed list: it does not
// include "none" or whatever else golang-jwt may support.
func Algorithms() []string {
	return []string{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
	}
}

// signingMethod returns the method with that name.
func signingMethod(name string) (jwt.SigningMethod, error) {
	if !slices.Contains(Algorithms(), name) {
		return nil, fmt.Errorf("algorithm %q: must be exactly one of %s", name, strings.Join(Algorithms(), ", "))
	}
	return jwt.GetSigningMethod(name), nil
}

// isHMAC reports whether the method uses a secret.
func isHMAC(method jwt.SigningMethod) bool {
	_, ok := method.(*jwt.SigningMethodHMAC)
	return ok
}

// checkPublicKeys returns an error unless there is a key and each suits the method.
func checkPublicKeys(method jwt.SigningMethod, keys []crypto.PublicKey) error {
	if isHMAC(method) {
		return fmt.Errorf("algorithm %s needs a secret, not public keys: give only the secret, or the algorithm of the keys", method.Alg())
	}
	if len(keys) == 0 {
		return fmt.Errorf("no key: algorithm %s needs a public key", method.Alg())
	}
	for i, key := range keys {
		if err := checkPublicKey(method, key); err != nil {
			return fmt.Errorf("key %d of %d: %w", i+1, len(keys), err)
		}
	}
	return nil
}

// checkPublicKey returns an error unless key can verify signatures of the method, which
// must not be HS.
func checkPublicKey(method jwt.SigningMethod, key crypto.PublicKey) error {
	var ok bool
	var want string
	switch m := method.(type) {
	case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
		want = "an RSA key"
		if k, isRSA := key.(*rsa.PublicKey); isRSA {
			if bits := k.N.BitLen(); bits < minRSABits {
				return fmt.Errorf("an RSA key of %d bits is too short: generate one of at least 2048 bits", bits)
			}
			ok = true
		}
	case *jwt.SigningMethodECDSA:
		want = fmt.Sprintf("an ECDSA P-%d key", m.CurveBits)
		k, isECDSA := key.(*ecdsa.PublicKey)
		ok = isECDSA && k.Curve.Params().BitSize == m.CurveBits
	case *jwt.SigningMethodEd25519:
		want = "an Ed25519 key"
		_, ok = key.(ed25519.PublicKey)
	}
	if !ok {
		return fmt.Errorf("algorithm %s needs %s, but this is %s", method.Alg(), want, describe(key))
	}
	return nil
}

// describe returns the type of a key in words.
func describe(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return "an RSA key"
	case *ecdsa.PublicKey:
		return "an ECDSA " + k.Curve.Params().Name + " key"
	case ed25519.PublicKey:
		return "an Ed25519 key"
	default:
		return fmt.Sprintf("a %T", key)
	}
}

// checkSecret returns an error for an empty secret, and for a PEM key: anyone who knows a
// public key could sign with it as a secret.
func checkSecret(secret []byte) error {
	switch trimmed := bytes.TrimSpace(secret); {
	case len(trimmed) == 0:
		return errors.New("secret: must not be empty for HS256, HS384 and HS512")
	case bytes.Contains(trimmed, []byte(pemBegin)), bytes.HasPrefix(trimmed, []byte(pemBeginBase64)):
		return errors.New("secret: must not be a PEM key: set the algorithm of the key, or generate a random secret")
	default:
		return nil
	}
}
