package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// decode returns the header and the claims of a token.
func decode(tb testing.TB, token string) (header, claims map[string]any) {
	tb.Helper()
	for i, target := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(text, target); err != nil {
			tb.Fatal(err)
		}
	}
	return header, claims
}

// The defaults are the claims of Peatio's sample client.
func TestSign_SetsDefaultAndGivenClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := float64(time.Now().Unix())
		tests := []struct {
			name string
			give auth.Claims
			want map[string]any
		}{
			{"defaults", auth.Claims{UID: "ID1", Email: "test@gmail.com"}, map[string]any{
				"iat": now, "exp": now + 600, "sub": "session", "iss": "barong", "aud": []any{"peatio"},
				"email": "test@gmail.com", "uid": "ID1", "level": 3.0, "state": "active",
			}},
			{"all given", auth.Claims{
				UID: "ID2", Level: 1, State: "banned", Issuer: "x", Audience: []string{"a", "b"},
				TokenID: "t1", KeyID: "k1", Lifetime: -time.Minute,
			}, map[string]any{
				"iat": now, "exp": now - 60, "jti": "t1", "sub": "session", "iss": "x", "aud": []any{"a", "b"},
				"uid": "ID2", "level": 1.0, "state": "banned", "api_kid": "k1",
			}},
			{"an API key's of Barong 1.8", auth.Claims{
				UID: "ID3", Role: "member", TokenID: "t2", KeyID: "k2", Audience: []string{"a"}, Scopes: new("peatio,barong"),
			}, map[string]any{
				"iat": now, "exp": now + 600, "jti": "t2", "sub": "session", "iss": "barong", "aud": "peatio,barong",
				"uid": "ID3", "role": "member", "level": 3.0, "state": "active", "api_kid": "k2",
			}},
			{"nothing in its place", auth.Claims{UID: "ID4", TokenID: "t3", Scopes: new(""), Referral: new("")}, map[string]any{
				"iat": now, "exp": now + 600, "jti": "t3", "sub": "session", "iss": "barong", "aud": nil,
				"uid": "ID4", "level": 3.0, "state": "active", "referral_id": nil,
			}},
			{"a referral", auth.Claims{UID: "ID5", TokenID: "t4", Referral: new("ID4")}, map[string]any{
				"iat": now, "exp": now + 600, "jti": "t4", "sub": "session", "iss": "barong", "aud": []any{"peatio"},
				"uid": "ID5", "level": 3.0, "state": "active", "referral_id": "ID4",
			}},
		}
		for _, test := range tests {
			header, claims := decode(t, sign(t, signerFor(t, "HS256"), test.give))
			if diff := cmp.Diff(map[string]any{"alg": "HS256", "typ": "JWT"}, header); diff != "" {
				t.Errorf("%s: header (-want +got):\n%s", test.name, diff)
			}
			if test.give.TokenID == "" {
				id, _ := claims["jti"].(string)
				if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
					t.Errorf("%s: got jti %q, want a random UUID", test.name, id)
				}
				delete(claims, "jti")
			}
			if diff := cmp.Diff(test.want, claims); diff != "" {
				t.Errorf("%s: claims (-want +got):\n%s", test.name, diff)
			}
		}
	})
}

func TestSign_RefusesInvalidUIDs(t *testing.T) {
	for _, uid := range []string{"", " ", "a\nb", strings.Repeat("x", 256)} {
		if token, err := signerFor(t, "HS256").Sign(auth.Claims{UID: event.UID(uid)}); err == nil {
			t.Errorf("uid %q: got %s", uid, token)
		}
	}
}

func TestNewSigner_AcceptsKeysInEveryForm(t *testing.T) {
	rsaPrivate, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(keyOf(t, "RS256", "a").private))
	if err != nil {
		t.Fatal(err)
	}
	ecPrivate, err := jwt.ParseECPrivateKeyFromPEM([]byte(keyOf(t, "ES256", "a").private))
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	rsaPKCS8, rsaErr := x509.MarshalPKCS8PrivateKey(rsaPrivate)
	sec1, ecErr := x509.MarshalECPrivateKey(ecPrivate)
	ecPEM := block("EC PRIVATE KEY", sec1, ecErr)
	tests := []struct{ name, algorithm, key string }{
		{"PKCS #1", "RS256", keyOf(t, "RS256", "a").private},
		{"PKCS #8 RSA", "PS384", block("PRIVATE KEY", rsaPKCS8, rsaErr)},
		{"PKCS #8 ECDSA", "ES256", keyOf(t, "ES256", "a").private},
		{"PKCS #8 Ed25519", "EdDSA", keyOf(t, "EdDSA", "a").private},
		{"SEC 1", "ES256", ecPEM},
		{"SEC 1 after its parameters", "ES256", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ecPEM},
	}
	for _, test := range tests {
		v := start(t, configFor(t, test.algorithm))
		for spelling, spell := range spellings {
			t.Run(test.name+" as "+spelling, func(t *testing.T) {
				token := sign(t, newSigner(t, test.algorithm, spell(test.key)), auth.Claims{UID: "ID1"})
				if got := reasonOf(t, v, token); got != "" {
					t.Errorf("got reason %q", got)
				}
			})
		}
	}
}

func TestNewSigner_RefusesUnsuitableKeys(t *testing.T) {
	rsaKey, ecKey := keyOf(t, "RS256", "a"), keyOf(t, "ES256", "a")
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(p224)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, algorithm, key, want string }{
		{"no algorithm", "", rsaKey.private, "exactly one of"},
		{"none", "none", "", "exactly one of"},
		{"no key", "RS256", "", "must not be empty"},
		{"a public key", "RS256", rsaKey.public, "must be a PRIVATE KEY"},
		{"two keys", "RS256", rsaKey.private + keyOf(t, "RS256", "b").private, "more than one"},
		{"only parameters", "ES256", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "no private key"},
		{"the wrong kind", "ES256", rsaKey.private, "ES256 needs an ECDSA P-256 key, but this is an RSA key"},
		{"the wrong curve", "ES384", ecKey.private, "ES384 needs an ECDSA P-384 key"},
		{"unsupported curve", "ES256", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), "but this is an ECDSA P-224 key"},
		{"encrypted", "RS256", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "must not be encrypted"},
		{"encrypted, old form", "RS256", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "must not be encrypted"},
		{"PEM as a secret", "HS256", rsaKey.public, "secret: must not be a PEM key"},
		{"no secret", "HS256", "", "secret: must not be empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := auth.NewSigner(test.algorithm, test.key)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}
