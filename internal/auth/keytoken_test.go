package auth_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// keyToken returns the claims of the sample script of Barong 1.8 at the time now.
func keyToken(now time.Time) object {
	return object{
		"iat": now.Unix(), "exp": now.Unix() + 1200, "sub": "api_key_jwt", "iss": "external", "jti": "A1B2C3D4E5F6A1B2C3D4E5F6",
	}
}

// signKeyToken signs claims as a client does.
func signKeyToken(tb testing.TB, name string, claims []byte) string {
	tb.Helper()
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(keyOf(tb, "RS256", name).private))
	if err != nil {
		tb.Fatal(err)
	}
	return forge(tb, "RS256", private, []byte(`{"alg":"RS256"}`), claims)
}

// keyReason returns the reason why the token of key a is refused, or "".
func keyReason(tb testing.TB, token string, now time.Time) auth.Reason {
	tb.Helper()
	key, err := auth.ParseClientKey(keyOf(tb, "RS256", "a").public)
	if err != nil {
		tb.Fatal(err)
	}
	err = auth.VerifyKeyToken(key, token, now)
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*auth.RefusalError](err)
	if !ok || !errors.Is(err, event.ErrRefused) {
		tb.Fatalf("got error %v, want a refusal", err)
	}
	return refusal.Reason
}

func TestVerifyKeyToken_ChecksEachClaim(t *testing.T) {
	now := time.Unix(1534776439, 0)
	at := func(offset int64) int64 { return now.Unix() + offset }
	type change func(object) object
	set := func(name string, value any) change {
		return func(o object) object { return o.with(object{name: value}) }
	}
	drop := func(name string) change { return func(o object) object { return o.without(name) } }
	tests := []struct {
		name   string
		change change
		want   auth.Reason
	}{
		{"the sample script's", drop("none"), ""},
		{"no exp", drop("exp"), ""},
		{"exp in a second", set("exp", at(1)), ""},
		{"exp this second", set("exp", at(0)), auth.Expired},
		{"exp a word", set("exp", "x"), auth.BadClaim},
		{"no iat", drop("iat"), ""},
		{"iat in a second", set("iat", at(1)), auth.IssuedInFuture},
		{"iat long ago", set("iat", 1), ""},
		{"iat a word", set("iat", "x"), auth.BadClaim},
		{"iat null", set("iat", nil), auth.BadClaim},
		{"nbf in a second", set("nbf", at(1)), auth.NotYetValid},
		{"nbf now", set("nbf", at(0)), ""},
		{"no iss", drop("iss"), auth.Issuer},
		{"iss Barong's", set("iss", "barong"), auth.Issuer},
		{"no sub", drop("sub"), auth.Subject},
		{"sub a session's", set("sub", "session"), auth.Subject},
		{"no jti", drop("jti"), auth.TokenID},
		{"jti blank", set("jti", " "), auth.TokenID},
		{"jti a number", set("jti", 5), auth.TokenID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claims := test.change(keyToken(now)).json(t)
			if got := keyReason(t, signKeyToken(t, "a", claims), now); got != test.want {
				t.Errorf("got reason %q, want %q", got, test.want)
			}
		})
	}
}

func TestVerifyKeyToken_RefusesForgedAndMalformedTokens(t *testing.T) {
	now := time.Now()
	claims := keyToken(now).json(t)
	valid := signKeyToken(t, "a", claims)
	public := []byte(keyOf(t, "RS256", "a").public)
	tests := []struct {
		name, token string
		want        auth.Reason
	}{
		{"valid", valid, ""},
		{"another's key", signKeyToken(t, "b", claims), auth.BadSignature},
		{"the public key as a secret", forge(t, "HS256", public, []byte(`{"alg":"HS256"}`), claims), auth.Algorithm},
		{"none", encode([]byte(`{"alg":"none"}`)) + "." + encode(claims) + ".", auth.Algorithm},
		{"empty", "", auth.Malformed},
		{"two parts", valid[:strings.LastIndexByte(valid, '.')], auth.Malformed},
		{"a line break", valid[:9] + "\n" + valid[9:], auth.Malformed},
		{"too long", valid + strings.Repeat("A", 16<<10), auth.Malformed},
		{"claims null", signKeyToken(t, "a", []byte(`null`)), auth.Malformed},
		{"claims an array", signKeyToken(t, "a", []byte(`[]`)), auth.Malformed},
		{"a session", signKeyToken(t, "a", sample().with(object{"iat": now.Unix()}).json(t)), auth.Issuer},
	}
	for _, test := range tests {
		if got := keyReason(t, test.token, now); got != test.want {
			t.Errorf("%s: got reason %q, want %q", test.name, got, test.want)
		}
	}
}

// A token that a client signed is not a session token, even if Barong's own key signed it.
func TestVerify_RefusesKeyTokens(t *testing.T) {
	cfg := configFor(t, "RS256")
	cfg.Audience = []string{"*"}
	v := start(t, cfg)
	claims := keyToken(time.Now()).with(object{"uid": "ID1", "aud": "peatio", "state": "active"}).json(t)
	for signer, want := range map[string]auth.Reason{"a": auth.Subject, "b": auth.BadSignature} {
		if got := reasonOf(t, v, signKeyToken(t, signer, claims)); got != want {
			t.Errorf("signed by %s: got reason %q, want %q", signer, got, want)
		}
	}
}

func TestParseClientKey_AcceptsOneRSAKeyOnly(t *testing.T) {
	a, b := keyOf(t, "RS256", "a"), keyOf(t, "RS256", "b")
	for name, text := range map[string]string{
		"PEM":                    a.public,
		"URL-safe Base64 of PEM": base64.URLEncoding.EncodeToString([]byte(a.public)),
	} {
		key, err := auth.ParseClientKey(text)
		if got, ok := key.(*rsa.PublicKey); !ok || !got.Equal(publicKeys(t, a.public)[0]) {
			t.Errorf("%s: got %v, error %v", name, key, err)
		}
	}
	sized := func(bits uint) string {
		n := new(big.Int).SetBit(big.NewInt(1), int(bits-1), 1)
		der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: 65537})
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	if _, err := auth.ParseClientKey(sized(8192)); err != nil {
		t.Errorf("8192 bits: %v", err)
	}
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "must not be empty"},
		{"a word", "a key!", "neither PEM nor Base64"},
		{"a private key", a.private, "must not be a private key"},
		{"two keys", a.public + b.public, "2 public keys: give one"},
		{"another kind", keyOf(t, "ES256", "a").public, "RS256 needs an RSA key"},
		{"too short", sized(1023), "too short"},
		{"too long", sized(8193), "too long"},
	} {
		if _, err := auth.ParseClientKey(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want one with %q", test.name, err, test.want)
		}
	}
}
