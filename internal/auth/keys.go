package auth

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// ParsePublicKeys returns the public keys in text: consecutive PEM blocks, in which the
// characters \n are a newline; or Base64 of PEM, standard or URL-safe, padded or not,
// several separated by commas or white space. Base64 may be wrapped over lines.
//
// A block is a PUBLIC KEY (PKIX), an RSA PUBLIC KEY (PKCS #1) or a CERTIFICATE, of which
// only the key is used. Any other block, such as a private key, is an error, and so is
// text without a key.
func ParsePublicKeys(text string) ([]crypto.PublicKey, error) {
	blocks, err := readPEM(text)
	if err != nil {
		return nil, fmt.Errorf("read public keys: %w", err)
	}
	keys := make([]crypto.PublicKey, len(blocks))
	for i, block := range blocks {
		if keys[i], err = publicKey(block); err != nil {
			return nil, fmt.Errorf("read public keys: PEM block %d of %d, %s: %w", i+1, len(blocks), block.Type, err)
		}
	}
	return keys, nil
}

// publicKey returns the public key in a PEM block.
func publicKey(block *pem.Block) (crypto.PublicKey, error) {
	switch {
	case block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	case strings.Contains(block.Type, "PRIVATE KEY"):
		return nil, errors.New("must not be a private key, which only Barong needs: give the public key (openssl pkey -in private.pem -pubout)")
	default:
		return nil, errors.New("must be a PUBLIC KEY, an RSA PUBLIC KEY or a CERTIFICATE")
	}
}

// privateKey returns the private key in text, which has the form of ParsePublicKeys.
func privateKey(text string) (crypto.Signer, error) {
	blocks, err := readPEM(text)
	if err != nil {
		return nil, err
	}
	var found crypto.Signer
	for _, block := range blocks {
		if block.Type == "EC PARAMETERS" { // openssl ecparam -genkey writes them before the key
			continue
		}
		key, err := parsePrivateKey(block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", block.Type, err)
		}
		if found != nil {
			return nil, errors.New("more than one private key: give only the key to sign with")
		}
		found = key
	}
	if found == nil {
		return nil, errors.New("no private key")
	}
	return found, nil
}

// parsePrivateKey returns the private key in a PEM block.
func parsePrivateKey(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("must not be encrypted: remove the passphrase (openssl pkey -in private.pem)")
	}
	switch block.Type {
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("a %T cannot sign", key)
		}
		return signer, nil
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, errors.New("must be a PRIVATE KEY, an RSA PRIVATE KEY or an EC PRIVATE KEY")
	}
}

// keySet returns the keys as a set, which golang-jwt tries one after the other.
func keySet(keys []crypto.PublicKey) *jwt.VerificationKeySet {
	set := &jwt.VerificationKeySet{Keys: make([]jwt.VerificationKey, len(keys))}
	for i, key := range keys {
		set.Keys[i] = key
	}
	return set
}
