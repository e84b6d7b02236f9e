package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// GenerateKey returns a new key for one of Algorithms, in the form that NewSigner and
// ParsePublicKeys accept. RS and PS: an RSA key of 2048 bits, as the PEM blocks RSA PRIVATE
// KEY and PUBLIC KEY, like Ruby's OpenSSL. ES and EdDSA: PEM blocks PRIVATE KEY and PUBLIC
// KEY. HS256, HS384 and HS512: private is a secret, the Base64url text, without padding,
// of as many random bytes as the hash has; public is nil.
func GenerateKey(algorithm string) (private, public []byte, err error) {
	method, err := signingMethod(algorithm)
	if err != nil {
		return nil, nil, err
	}
	switch m := method.(type) {
	case *jwt.SigningMethodHMAC:
		secret := make([]byte, m.Hash.Size())
		_, _ = rand.Read(secret) // never fails (crypto/rand)
		return base64.RawURLEncoding.AppendEncode(nil, secret), nil, nil
	case *jwt.SigningMethodECDSA:
		key, err := ecdsa.GenerateKey(curve(m), rand.Reader)
		if err != nil {
			return nil, nil, fmt.Errorf("generate ECDSA key: %w", err)
		}
		return encodePKCS8(key)
	case *jwt.SigningMethodEd25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, nil, fmt.Errorf("generate Ed25519 key: %w", err)
		}
		return encodePKCS8(key)
	default: // RS and PS
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, nil, fmt.Errorf("generate RSA key: %w", err)
		}
		return encodePair("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), key.Public())
	}
}

// curve returns the elliptic curve of a method.
func curve(method *jwt.SigningMethodECDSA) elliptic.Curve {
	switch method.CurveBits {
	case 256:
		return elliptic.P256()
	case 384:
		return elliptic.P384()
	default:
		return elliptic.P521()
	}
}

func encodePKCS8(key crypto.Signer) (private, public []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encode private key: %w", err)
	}
	return encodePair("PRIVATE KEY", der, key.Public())
}

func encodePair(privateType string, privateDER []byte, publicKey crypto.PublicKey) (private, public []byte, err error) {
	publicDER, err := x509.MarshalPKIXPublicKey(publicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("encode public key: %w", err)
	}
	private = pem.EncodeToMemory(&pem.Block{Type: privateType, Bytes: privateDER})
	public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})
	return private, public, nil
}
