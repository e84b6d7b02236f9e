package auth_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"ranger/internal/auth"
)

func TestVerify_AcceptsOnlyTheConfiguredAlgorithm(t *testing.T) {
	for _, want := range algorithms {
		v := start(t, configFor(t, want))
		for _, have := range algorithms {
			t.Run(have+" for "+want, func(t *testing.T) {
				got := reasonOf(t, v, sign(t, signerFor(t, have), auth.Claims{UID: "ID1"}))
				if have == want && got != "" || have != want && got != auth.Algorithm {
					t.Errorf("got reason %q", got)
				}
			})
		}
	}
}

func TestVerify_RefusesForgedAndMalformedTokens(t *testing.T) {
	key := keyOf(t, "RS256", "a")
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(key.private))
	if err != nil {
		t.Fatal(err)
	}
	v := start(t, configFor(t, "RS256"))
	claims := sample().json(t)
	valid := forge(t, "RS256", private, []byte(`{"alg":"RS256"}`), claims)
	parts := strings.Split(valid, ".")
	other := strings.Split(forge(t, "RS256", private, []byte(`{"alg":"RS256"}`), sample().with(object{"uid": "ID2"}).json(t)), ".")
	rs := func(header string) string { return forge(t, "RS256", private, []byte(header), claims) }
	hs := func(secret string) string {
		return forge(t, "HS256", []byte(secret), []byte(`{"alg":"HS256"}`), claims)
	}
	none := encode([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	stranger, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(keyOf(t, "RS256", "b").private))
	if err != nil {
		t.Fatal(err)
	}
	jwk := `{"kty":"RSA","e":"AQAB","n":"` + encode(stranger.N.Bytes()) + `"}`

	tests := []struct {
		name, token string
		want        auth.Reason
	}{
		{"valid", valid, ""},
		{"the public PEM as a secret", hs(key.public), auth.Algorithm},
		{"the public PEM without its last newline as a secret", hs(strings.TrimSpace(key.public)), auth.Algorithm},
		{"the public PEM as a secret, said to be RS256", forge(t, "HS256", []byte(key.public), []byte(`{"alg":"RS256"}`), claims), auth.BadSignature},
		{"none", none, auth.Algorithm},
		{"None", encode([]byte(`{"alg":"None"}`)) + "." + parts[1] + ".", auth.Algorithm},
		{"none with a signature", none + parts[2], auth.Algorithm},
		{"RS256 without a signature", parts[0] + "." + parts[1] + ".", auth.BadSignature},
		{"PS256 said to be RS256", forge(t, "PS256", private, []byte(`{"alg":"RS256"}`), claims), auth.BadSignature},
		{"RS384 said to be RS256", forge(t, "RS384", private, []byte(`{"alg":"RS256"}`), claims), auth.BadSignature},
		{"RS256 said to be RS384", rs(`{"alg":"RS384"}`), auth.Algorithm},
		{"alg in lower case", rs(`{"alg":"rs256"}`), auth.Algorithm},
		{"alg with a space", rs(`{"alg":"RS256 "}`), auth.Algorithm},
		{"alg under a name in another case", rs(`{"ALG":"RS256"}`), auth.Algorithm},
		{"alg null", rs(`{"alg":null}`), auth.Algorithm},
		{"alg an array", rs(`{"alg":["RS256"]}`), auth.Algorithm},
		{"alg a number", rs(`{"alg":256}`), auth.Algorithm},
		{"alg twice", rs(`{"alg":"RS256","alg":"none"}`), auth.Algorithm},
		{"no alg", rs(`{}`), auth.Algorithm},
		{"header null", rs(`null`), auth.Algorithm},
		{"header an array", rs(`[]`), auth.Malformed},
		{"header no JSON", rs(`x`), auth.Malformed},
		{"another key with its jwk in the header", forge(t, "RS256", stranger, []byte(`{"alg":"RS256","jwk":`+jwk+`}`), claims), auth.BadSignature},
		{"another key, and its URL in the header", forge(t, "RS256", stranger, []byte(`{"alg":"RS256","jku":"https://example.com/jwks","x5u":"https://example.com/x"}`), claims), auth.BadSignature},
		{"a kid that is a path", forge(t, "RS256", stranger, []byte(`{"alg":"RS256","kid":"../../dev/null"}`), claims), auth.BadSignature},
		{"a kid on a valid one", rs(`{"alg":"RS256","kid":"1"}`), ""},
		{"an extension that must be understood", rs(`{"alg":"RS256","crit":["b64"],"b64":false}`), auth.Malformed},
		{"the signature of another token", parts[0] + "." + parts[1] + "." + other[2], auth.BadSignature},
		{"the claims of another token", parts[0] + "." + other[1] + "." + parts[2], auth.BadSignature},
		{"another header", encode([]byte(`{"alg":"RS256","x":1}`)) + "." + parts[1] + "." + parts[2], auth.BadSignature},
		{"y after it", valid + "y", auth.Malformed},
		{"empty", "", auth.Malformed},
		{"one part", parts[0], auth.Malformed},
		{"two parts", parts[0] + "." + parts[1], auth.Malformed},
		{"four parts", valid + "." + parts[2], auth.Malformed},
		{"five parts, as an encrypted one has", "a.b.c.d.e", auth.Malformed},
		{"a dot after it", valid + ".", auth.Malformed},
		{"dots", "..", auth.Malformed},
		{"padded", parts[0] + "." + parts[1] + "." + parts[2] + "==", auth.Malformed},
		{"standard Base64", parts[0] + "." + parts[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(parts[2]) + "+", auth.Malformed},
		{"a newline after it", valid + "\n", auth.Malformed},
		{"a newline within", parts[0] + ".\r\n" + parts[1] + "." + parts[2], auth.Malformed},
		{"a space after it", valid + " ", auth.Malformed},
		{"Bearer before it", "Bearer " + valid, auth.Malformed},
		{"junk", "\x00\xff.\u00e9.!", auth.Malformed},
		{"unused bits in the last character", parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-1] + next(parts[2]), auth.Malformed},
		{"as long as can be", forge(t, "RS256", private, []byte(`{"alg":"RS256"}`), sample().with(object{"x": strings.Repeat("x", 11700)}).json(t)), ""},
		{"too long", forge(t, "RS256", private, []byte(`{"alg":"RS256"}`), sample().with(object{"x": strings.Repeat("x", 12000)}).json(t)), auth.Malformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := reasonOf(t, v, test.token); got != test.want {
				t.Errorf("got reason %q, want %q", got, test.want)
			}
		})
	}
}

// next returns the character after the last of s in the Base64url alphabet, which differs
// only in padding bits.
func next(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, s[len(s)-1])+1])
}

func TestNew_RefusesInvalidConfig(t *testing.T) {
	rsaKeys := publicKeys(t, keyOf(t, "RS256", "a").public)
	p256 := publicKeys(t, keyOf(t, "ES256", "a").public)
	p384 := publicKeys(t, keyOf(t, "ES384", "a").public)
	ed := publicKeys(t, keyOf(t, "EdDSA", "a").public)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 767), E: 65537}
	pem := keyOf(t, "RS256", "a").public

	tests := []struct {
		name string
		cfg  auth.Config
		want string // part of the error
	}{
		{"no key", auth.Config{}, "no key: algorithm RS256 needs a public key"},
		{"no secret", auth.Config{Algorithm: "HS256"}, "secret: must not be empty"},
		{"a blank secret", auth.Config{Algorithm: "HS256", Secret: []byte(" \n")}, "secret: must not be empty"},
		{"none", auth.Config{Algorithm: "none", Keys: rsaKeys}, "exactly one of RS256"},
		{"two algorithms", auth.Config{Algorithm: "RS256,ES256", Keys: rsaKeys}, "exactly one of RS256"},
		{"an algorithm in lower case", auth.Config{Algorithm: "rs256", Keys: rsaKeys}, "exactly one of RS256"},
		{"a secret for RS256", auth.Config{Secret: []byte("x"), Keys: rsaKeys}, "secret: must be unset for algorithm RS256"},
		{"keys for HS256", auth.Config{Algorithm: "HS256", Secret: []byte("x"), Keys: rsaKeys}, "needs a secret, not public keys"},
		{"PEM as a secret", auth.Config{Algorithm: "HS256", Secret: []byte(pem)}, "secret: must not be a PEM key"},
		{"Base64 of PEM as a secret", auth.Config{Algorithm: "HS512", Secret: []byte(base64.StdEncoding.EncodeToString([]byte(pem)))}, "secret: must not be a PEM key"},
		{"ECDSA for RS256", auth.Config{Keys: p256}, "RS256 needs an RSA key, but this is an ECDSA P-256 key"},
		{"Ed25519 for PS512", auth.Config{Algorithm: "PS512", Keys: ed}, "PS512 needs an RSA key, but this is an Ed25519 key"},
		{"P-384 for ES256", auth.Config{Algorithm: "ES256", Keys: p384}, "ES256 needs an ECDSA P-256 key, but this is an ECDSA P-384 key"},
		{"P-256 for ES512", auth.Config{Algorithm: "ES512", Keys: p256}, "ES512 needs an ECDSA P-521 key"},
		{"P-224 for ES256", auth.Config{Algorithm: "ES256", Keys: []crypto.PublicKey{p224.Public()}}, "but this is an ECDSA P-224 key"},
		{"RSA for EdDSA", auth.Config{Algorithm: "EdDSA", Keys: rsaKeys}, "EdDSA needs an Ed25519 key, but this is an RSA key"},
		{"X25519 for EdDSA", auth.Config{Algorithm: "EdDSA", Keys: []crypto.PublicKey{x25519.Public()}}, "*ecdh.PublicKey"},
		{"an unsuitable one of several", auth.Config{Keys: append(rsaKeys[:1:1], p256...)}, "key 2 of 2: algorithm RS256 needs"},
		{"a short RSA key", auth.Config{Keys: []crypto.PublicKey{short}}, "768 bits is too short"},
		{"a negative leeway", auth.Config{Keys: rsaKeys, IssuedAtLeeway: -1}, "issued-at leeway -1ns: must not be negative"},
		{"a blank audience", auth.Config{Keys: rsaKeys, Audience: []string{"peatio", ""}}, "must not have a blank entry"},
		{"a negative number of workers", auth.Config{Keys: rsaKeys, Workers: -1}, "at least 1"},
		{"all at once", auth.Config{Algorithm: "x", ExpirationLeeway: -1, NotBeforeLeeway: -1}, "\nexpiration leeway -1ns: must not be negative\nnot-before leeway"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := auth.New(test.cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}
