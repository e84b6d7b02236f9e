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

// minRSABits is the least that crypto/rsa works with. RFC 7518 §3.3 wants 2048;
// a server in use with a shorter key is not stopped for that.
const minRSABits = 1024

// Algorithms returns the names that Config.Algorithm may have. The list is
// closed: "none" and whatever else golang-jwt may know are not in it.
func Algorithms() []string {
	return []string{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
	}
}

// signingMethod returns the method of that name.
func signingMethod(name string) (jwt.SigningMethod, error) {
	if !slices.Contains(Algorithms(), name) {
		return nil, fmt.Errorf("algorithm %q: must be exactly one of %s", name, strings.Join(Algorithms(), ", "))
	}
	return jwt.GetSigningMethod(name), nil
}

func isHMAC(method jwt.SigningMethod) bool {
	_, ok := method.(*jwt.SigningMethodHMAC)
	return ok
}

// fitAll returns an error unless there is a key and each fits the method.
func fitAll(method jwt.SigningMethod, keys []crypto.PublicKey) error {
	if isHMAC(method) {
		return fmt.Errorf("%s works with a secret, not with public keys: give the secret alone, or the algorithm of the keys", method.Alg())
	}
	if len(keys) == 0 {
		return fmt.Errorf("no key: %s needs a public key", method.Alg())
	}
	for i, key := range keys {
		if err := fit(method, key); err != nil {
			return fmt.Errorf("key %d of %d: %w", i+1, len(keys), err)
		}
	}
	return nil
}

// fit returns an error when no signature of that method, which is not HS, can be
// checked with key.
func fit(method jwt.SigningMethod, key crypto.PublicKey) error {
	var ok bool
	var want string
	switch m := method.(type) {
	case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
		want = "an RSA key"
		if k, isRSA := key.(*rsa.PublicKey); isRSA {
			if bits := k.N.BitLen(); bits < minRSABits {
				return fmt.Errorf("an RSA key of %d bits is too short: make one of at least 2048", bits)
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
		return fmt.Errorf("%s needs %s, this is %s: change the algorithm or the key", method.Alg(), want, describe(key))
	}
	return nil
}

// describe names the kind of a key in words.
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

// checkSecret refuses a secret that is none: a public key known to all would let
// anybody sign.
func checkSecret(secret []byte) error {
	switch trimmed := bytes.TrimSpace(secret); {
	case len(trimmed) == 0:
		return errors.New("secret: it is empty: HS256, HS384 and HS512 need one")
	case bytes.Contains(trimmed, []byte(pemBegin)), bytes.HasPrefix(trimmed, []byte(pemBeginBase64)):
		return errors.New("secret: this is a PEM key: set an algorithm for it, or make a random secret")
	default:
		return nil
	}
}
