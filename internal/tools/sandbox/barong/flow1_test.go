package barong_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/sandbox/barong"
)

// clientKey is the key pair of a client, generated once because that is slow.
var clientKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// publicPEM is the public key as the Ruby line of the seeds prints it: URL-safe Base64 of
// PEM.
func publicPEM(tb testing.TB) string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(clientKey().Public())
	if err != nil {
		tb.Fatal(err)
	}
	return base64.URLEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// keyToken signs claims as a client without a JWT library.
func keyToken(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(toJSON(tb, claims)))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, clientKey(), crypto.SHA256, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// sampleClaims are the claims in the script documented by Barong 1.8.
func (w *world) sampleClaims() map[string]any {
	now := w.clock().Unix()
	return map[string]any{"iat": now, "exp": now + 1200, "sub": "api_key_jwt", "iss": "external", "jti": "A1B2C3D4E5F6A1B2C3D4E5F6"}
}

// createKey1 creates an API key of 1.8 and returns its id.
func (w *world) createKey1(user barong.User, more map[string]any) string {
	w.tb.Helper()
	body := map[string]any{"public_key": publicPEM(w.tb), "totp_code": w.code(user)}
	maps.Copy(body, more)
	got := w.do("POST", "/api/v1/api_keys", toJSON(w.tb, body), "Authorization", w.session1(user))
	return read[map[string]any](w, got, 201)["uid"].(string)
}

// From a password to a session token for an API key, with the commands that Barong 1.8
// documents.
func TestFlow1_IssuesTokensAsDocumented(t *testing.T) {
	w := newWorld(t)
	token := read[string](w, w.do("POST", "/api/v1/sessions",
		fmt.Sprintf(`{"email":"alice@example.com", "password": "Alice-1", "application_id": "a1b2", "otp_code":"%s"}`, w.code(alice))), 201)
	want := map[string]any{
		"sub": "session", "iss": "barong", "aud": []any{"peatio", "barong"},
		"uid": "IDAF1AED1A42", "email": "alice@example.com", "role": "admin", "level": 5.0, "state": "active",
	}
	w.wantToken(token, want, 4*time.Hour)

	got := w.do("POST", "/api/v1/api_keys",
		fmt.Sprintf(`{"public_key":"%s", "totp_code":"%s", "scopes":"peatio"}`, publicPEM(t), w.code(alice)), "Authorization", "Bearer "+token)
	key := read[map[string]any](w, got, 201)
	uid, _ := key["uid"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(uid) {
		t.Errorf("got uid %q", uid)
	}
	at := w.clock().UTC().Format("2006-01-02T15:04:05Z")
	if diff := cmp.Diff(map[string]any{
		"uid": uid, "public_key": publicPEM(t), "scopes": "peatio", "expires_in": 86400.0, "state": "active", "created_at": at, "updated_at": at,
	}, key); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}

	list := read[[]map[string]any](w, w.do("GET", "/api/v1/api_keys?totp_code="+w.code(alice), "", "Authorization", "Bearer "+token), 200)
	if diff := cmp.Diff([]map[string]any{key}, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}

	clientToken := keyToken(t, w.sampleClaims())
	got = w.do("POST", "/api/v1/sessions/generate_jwt", fmt.Sprintf(`{"kid":"%s", "jwt_token":"%s"}`, uid, clientToken))
	given := read[map[string]string](w, got, 200)["token"]
	want["aud"], want["api_kid"] = "peatio", uid
	w.wantToken(given, want, 24*time.Hour)

	if uid, refused := w.authenticate("GET", "/api/v2/orders", "Authorization", "Bearer "+given); uid != alice.UID {
		t.Errorf("issued token: got uid %q, refusal %v", uid, refused)
	}
	if uid, refused := w.authenticate("GET", "/api/v2/orders", "Authorization", "Bearer "+clientToken); refused == nil || refused.Code != 401 {
		t.Errorf("client's token: got uid %q, want a refusal", uid)
	}
}

// wantToken checks the claims of a token of 1.8.
func (w *world) wantToken(token string, want map[string]any, life time.Duration) {
	w.tb.Helper()
	got := claimsOf(w.tb, token)
	jti, _ := got["jti"].(string)
	if !regexp.MustCompile(`^[0-9A-F]{24}$`).MatchString(jti) {
		w.tb.Errorf("got jti %q, want 24 hex digits", jti)
	}
	iat, _ := got["iat"].(float64)
	exp, _ := got["exp"].(float64)
	if exp-iat != life.Seconds() {
		w.tb.Errorf("got a lifetime of %v s, want %v", exp-iat, life)
	}
	delete(got, "jti")
	delete(got, "iat")
	delete(got, "exp")
	if diff := cmp.Diff(want, got); diff != "" {
		w.tb.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestOpenSession1_RefusesInvalidSignIns(t *testing.T) {
	w := newWorld(t)
	good := func() map[string]any {
		return map[string]any{"email": "bob@example.com", "password": "Bob-1", "application_id": "x", "otp_code": w.code(bob)}
	}
	tests := []struct {
		name   string
		field  string
		value  any
		status int
		body   string
	}{
		{"another case of the email", "email", "BOB@example.com", 201, ""},
		{"longest life", "expires_in", 86399, 201, ""},
		{"life in text", "expires_in", "1800", 201, ""},
		{"unknown email", "email", "eve@example.com", 401, `{"error":"Invalid Email or Password"}`},
		{"no password of anybody's", "password", "bob-1", 401, `{"error":"Invalid Email or Password"}`},
		{"no code", "otp_code", nil, 403, `{"error":"The account has enabled 2FA but OTP code is missing"}`},
		{"blank code", "otp_code", " ", 403, `{"error":"The account has enabled 2FA but OTP code is missing"}`},
		{"alice's code", "otp_code", w.code(alice), 403, `{"error":"OTP code is invalid"}`},
		{"short code", "otp_code", "1", 403, `{"error":"OTP code is invalid"}`},
		{"life too short", "expires_in", 1799, 401, `{"error":"expires_in must be from 1800 to 86399 seconds"}`},
		{"life too long", "expires_in", 86400, 401, `{"error":"expires_in must be from 1800 to 86399 seconds"}`},
		{"life negative", "expires_in", -1, 401, `{"error":"expires_in must be from 1800 to 86399 seconds"}`},
		{"life huge", "expires_in", "9999999999999999999999", 400, `{"error":"expires_in is invalid"}`},
		{"no application", "application_id", nil, 400, `{"error":"Application ID is missing"}`},
	}
	for _, test := range tests {
		body := good()
		body[test.field] = test.value
		got := w.do("POST", "/api/v1/sessions", toJSON(t, body))
		if got.status != test.status || test.body != "" && got.body != test.body {
			t.Errorf("%s: got %d %s, want %d %s", test.name, got.status, got.body, test.status, test.body)
		}
	}
	if !strings.Contains(w.log.String(), "sign-in refused") {
		t.Error("got no line in the log")
	}
	if strings.Contains(w.log.String(), "bob-1") {
		t.Error("got a password in the log")
	}
	token := read[string](w, w.do("POST", "/api/v1/sessions", toJSON(t, map[string]any{
		"email": "carol@example.com", "password": "Carol-1", "application_id": "x", "expires_in": 2000,
	})), 201)
	if claims := claimsOf(t, token); claims["exp"].(float64)-claims["iat"].(float64) != 2000 {
		t.Errorf("got claims %v, want a lifetime of 2000 s", claims)
	}
	w.want(w.do("GET", "/api/v1/api_keys?totp_code=1", "", "Authorization", "Bearer "+token), 400, `{"error":"Only accounts with enabled 2FA alowed"}`)
}

func TestExchangeToken_RefusesInvalidKeyTokens(t *testing.T) {
	w := newWorld(t)
	kid := w.createKey1(bob, nil)
	idle := w.createKey1(bob, nil)
	w.do("PATCH", "/api/v1/api_keys/"+idle, toJSON(t, map[string]any{"state": "inactive", "totp_code": w.code(bob)}), "Authorization", w.session1(bob))
	with := func(name string, value any) string {
		claims := w.sampleClaims()
		claims[name] = value
		return keyToken(t, claims)
	}
	now := w.clock().Unix()
	const failed = `{"error":"Failed to decode and verify JWT: #<JWT::`
	tests := []struct {
		name, kid, token string
		status           int
		body             string
	}{
		{"good", kid, keyToken(t, w.sampleClaims()), 200, `{"token":"`},
		{"no exp", kid, keyToken(t, map[string]any{"sub": "api_key_jwt", "iss": "external", "jti": "1"}), 200, `{"token":"`},
		{"unknown key", "x", with("jti", "1"), 404, `{"error":"Record is not found"}`},
		{"idle key", idle, with("jti", "1"), 404, `{"error":"Record is not found"}`},
		{"no kid", "", with("jti", "1"), 400, `{"error":"KID is empty"}`},
		{"no token", kid, "", 400, `{"error":"JWT Token is empty"}`},
		{"garbage", kid, "x", 401, failed + `DecodeError: `},
		{"expired", kid, with("exp", now), 401, failed + `ExpiredSignature: Signature has expired>"}`},
		{"of the future", kid, with("iat", now+2), 401, failed + `InvalidIatError: Invalid iat>"}`},
		{"not yet", kid, with("nbf", now+2), 401, failed + `ImmatureSignature: `},
		{"another iss", kid, with("iss", "barong"), 401, failed + `InvalidIssuerError: `},
		{"another sub", kid, with("sub", "session"), 401, failed + `InvalidSubError: `},
		{"no jti", kid, with("jti", nil), 401, failed + `InvalidJtiError: `},
		{"exp a word", kid, with("exp", "x"), 401, failed + `InvalidPayload: `},
		{"another's signature", kid, strings.TrimPrefix(w.session1(bob), "Bearer "), 401, failed + `VerificationError: `},
	}
	for _, test := range tests {
		got := w.do("POST", "/api/v1/sessions/generate_jwt", toJSON(t, map[string]string{"kid": test.kid, "jwt_token": test.token}))
		if got.status != test.status || !strings.HasPrefix(got.body, test.body) {
			t.Errorf("%s: got %d %s, want %d %s", test.name, got.status, got.body, test.status, test.body)
		}
	}
	w.want(w.do("POST", "/api/v1/sessions/generate_jwt", ""), 400, `{"error":"KID is missing, JWT Token is missing"}`)
}

// The audience of a token for a key is the exact text of the key's scopes.
func TestScopes_AreTheAudienceUnchanged(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name     string
		more     map[string]any
		aud      any
		life     float64
		accepted bool
	}{
		{"none", nil, nil, 86400, false},
		{"peatio", map[string]any{"scopes": "peatio", "expires_in": 30}, "peatio", 30, true},
		{"a comma list", map[string]any{"scopes": "peatio,barong", "expired_in": "3600"}, "peatio,barong", 3600, false},
	} {
		kid := w.createKey1(bob, test.more)
		got := w.do("POST", "/api/v1/sessions/generate_jwt", toJSON(t, map[string]string{"kid": kid, "jwt_token": keyToken(t, w.sampleClaims())}))
		token := read[map[string]string](w, got, 200)["token"]
		claims := claimsOf(t, token)
		if life := claims["exp"].(float64) - claims["iat"].(float64); claims["aud"] != test.aud || life != test.life {
			t.Errorf("%s: got aud %v and a lifetime of %v s, want %v and %v", test.name, claims["aud"], life, test.aud, test.life)
		}
		if _, present := claims["aud"]; !present {
			t.Errorf("%s: got no aud", test.name)
		}
		if _, err := w.verifier.Verify(t.Context(), token, netip.AddrPort{}); (err == nil) != test.accepted {
			t.Errorf("%s: got error %v, want accepted %t", test.name, err, test.accepted)
		}
	}
}
