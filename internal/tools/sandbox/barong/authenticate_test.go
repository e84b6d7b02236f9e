package barong_test

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/sandbox/barong"
)

// Refusals have the form of 2.x.
func TestAuthenticate_AcceptsTokenCookieOrAPIKey(t *testing.T) {
	w := newWorld(t)
	bearer := w.session1(alice)
	cookie, csrf := w.session2(bob)
	kid, secret := w.apiKey(alice)
	triple := func(offset time.Duration, changes ...string) []string {
		headers := w.triple(kid, secret, offset)
		for i := 0; i+1 < len(changes); i += 2 {
			for j := 0; j+1 < len(headers); j += 2 {
				if headers[j] == changes[i] {
					headers[j+1] = changes[i+1]
				}
			}
		}
		return headers
	}
	signed := func(nonce string) []string {
		return []string{"X-Auth-Apikey", kid, "X-Auth-Nonce", nonce, "X-Auth-Signature", barong.Sign(secret, nonce, kid)}
	}
	expired, err := w.signer.Sign(auth.Claims{UID: alice.UID, Lifetime: -time.Minute})
	w.must(err)
	stranger, err := w.signer.Sign(auth.Claims{UID: "IDNOBODY"})
	w.must(err)
	upper := w.triple(kid, secret, 0)
	upper[5] = strings.ToUpper(upper[5])

	tests := []struct {
		name, method string
		headers      []string
		uid          event.UID
		status       int
		code         string
	}{
		{"a session token", "POST", []string{"Authorization", bearer}, alice.UID, 0, ""},
		{"a scheme in lower case", "GET", []string{"Authorization", "b" + bearer[1:]}, alice.UID, 0, ""},
		{"a token beside a cookie", "POST", []string{"Authorization", bearer, "Cookie", cookie}, alice.UID, 0, ""},
		{"a token of an unknown user", "GET", []string{"Authorization", "Bearer " + stranger}, "IDNOBODY", 0, ""},
		{"a token that has expired", "GET", []string{"Authorization", "Bearer " + expired}, "", 401, "jwt.decode_and_verify"},
		{"a client's token", "GET", []string{"Authorization", "Bearer " + keyToken(t, w.sampleClaims())}, "", 401, "jwt.decode_and_verify"},
		{"garbage", "GET", []string{"Authorization", "Bearer x"}, "", 401, "jwt.decode_and_verify"},
		{"no token", "GET", []string{"Authorization", "Bearer"}, "", 401, "jwt.decode_and_verify"},
		{"another scheme", "GET", []string{"Authorization", "Basic YTpi"}, "", 401, "jwt.decode_and_verify"},
		{"a bad token beside a cookie", "GET", []string{"Authorization", "Bearer x", "Cookie", cookie}, "", 401, "jwt.decode_and_verify"},

		{"a cookie", "GET", []string{"Cookie", cookie}, bob.UID, 0, ""},
		{"a cookie that writes", "POST", []string{"Cookie", cookie, "X-CSRF-Token", csrf}, bob.UID, 0, ""},
		{"a cookie that writes unasked", "POST", []string{"Cookie", cookie}, "", 401, "authz.missing_csrf_token"},
		{"a cookie that deletes unasked", "DELETE", []string{"Cookie", cookie}, "", 401, "authz.missing_csrf_token"},
		{"another CSRF token", "PUT", []string{"Cookie", cookie, "X-CSRF-Token", csrf + "0"}, "", 401, "authz.csrf_token_mismatch"},
		{"only a CSRF token", "PATCH", []string{"X-CSRF-Token", csrf}, "", 401, "authz.csrf_token_mismatch"},
		{"another cookie", "GET", []string{"Cookie", cookie + "0"}, "", 401, "authz.invalid_session"},
		{"nothing", "GET", nil, "", 401, "authz.invalid_session"},
		{"nothing, writing", "POST", nil, "", 401, "authz.missing_csrf_token"},

		{"an API key", "POST", triple(0), alice.UID, 0, ""},
		{"an API key beside a cookie", "POST", append(triple(0), "Cookie", cookie), alice.UID, 0, ""},
		{"a nonce just old enough", "GET", triple(-4999 * time.Millisecond), alice.UID, 0, ""},
		{"a nonce just new enough", "GET", triple(4999 * time.Millisecond), alice.UID, 0, ""},
		{"an old nonce", "GET", triple(-5 * time.Second), "", 401, "authz.nonce_expired"},
		{"a nonce of the future", "GET", triple(5 * time.Second), "", 401, "authz.nonce_expired"},
		{"nonce zero", "GET", signed("0"), "", 401, "authz.nonce_not_valid_timestamp"},
		{"a negative nonce", "GET", signed("-5"), "", 401, "authz.nonce_not_valid_timestamp"},
		{"a word as a nonce", "GET", signed("now"), "", 401, "authz.nonce_not_valid_timestamp"},
		{"the largest nonce", "GET", signed("9223372036854775807"), "", 401, "authz.nonce_expired"},
		{"a larger nonce", "GET", signed("9223372036854775808"), "", 401, "authz.nonce_not_valid_timestamp"},
		{"another signature", "GET", triple(0, "X-Auth-Signature", "00"), "", 401, "authz.invalid_signature"},
		{"a signature in upper case", "GET", upper, "", 401, "authz.invalid_signature"},
		{"an unknown key", "GET", triple(0, "X-Auth-Apikey", "00"), "", 401, "authz.unexistent_apikey"},
		{"a blank key", "GET", triple(0, "X-Auth-Apikey", " "), "", 422, "authz.invalid_api_key_headers"},
		{"one header of three", "GET", triple(0)[:2], "", 422, "authz.invalid_api_key_headers"},
		{"two headers of three", "GET", triple(0)[2:], "", 422, "authz.invalid_api_key_headers"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			uid, refused := w.authenticate(test.method, "/api/v2/peatio/market/orders", test.headers...)
			if uid != test.uid || (refused == nil) != (test.status == 0) {
				t.Fatalf("got %q, refused %v, want %q", uid, refused, test.uid)
			}
			if refused != nil && (refused.Code != test.status || strings.TrimSpace(refused.Body.String()) != `{"errors":["`+test.code+`"]}`) {
				t.Errorf("got %d %s, want %d %s", refused.Code, refused.Body, test.status, test.code)
			}
		})
	}
}

func TestAuthenticate_RefusesInTheFormOfTheAPI(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/api/v1/api_keys":             `{"error":"The access token is invalid"}`,
		"/api/v2/orders":               `{"error":{"code":2001,"message":"Authorization failed"}}`,
		"/api/v2/peatio/market/orders": `{"errors":["jwt.decode_and_verify"]}`,
		"/api/v2/barong/resource/x":    `{"errors":["jwt.decode_and_verify"]}`,
		"/api/v2/auth/api/v2/ranger/x": `{"errors":["jwt.decode_and_verify"]}`,
	} {
		_, refused := w.authenticate("GET", path, "Authorization", "Bearer x")
		if got := strings.TrimSpace(refused.Body.String()); got != want || refused.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestAuthz_IssuesTokenForTheGateway(t *testing.T) {
	w := newWorld(t)
	cookie, csrf := w.session2(bob)
	got := w.do("GET", "/api/v2/auth/api/v2/ranger/private/?stream=order", "", "Cookie", cookie)
	w.want(got, 200, "")
	token, _ := strings.CutPrefix(got.header.Get("Authorization"), "Bearer ")
	claims := claimsOf(t, token)
	if jti, _ := claims["jti"].(string); !regexp.MustCompile(`^[0-9a-f]{20}$`).MatchString(jti) {
		t.Errorf("got jti %q", jti)
	}
	if life := claims["exp"].(float64) - claims["iat"].(float64); life != 3600 {
		t.Errorf("got a lifetime of %v s", life)
	}
	delete(claims, "jti")
	delete(claims, "iat")
	delete(claims, "exp")
	if diff := cmp.Diff(map[string]any{
		"sub": "session", "iss": "barong", "aud": []any{"peatio", "barong"}, "uid": "ID092B2AF8E87", "email": "bob@example.com",
		"role": "member", "level": 3.0, "state": "active", "referral_id": nil,
	}, claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}

	for _, test := range []struct {
		method, path string
		headers      []string
		status       int
		body         string
		token        bool
	}{
		{"POST", "api/v2/peatio/market/orders", []string{"Cookie", cookie, "X-CSRF-Token", csrf}, 200, "", true},
		{"POST", "api/v2/peatio/market/orders", []string{"Cookie", cookie}, 401, `{"errors":["authz.missing_csrf_token"]}`, false},
		{"GET", "api/v2/peatio/account/balances", []string{"Authorization", w.session1(bob)}, 401, `{"errors":["authz.invalid_session"]}`, false},
		{"GET", "api/v2/ranger/public/?stream=x", nil, 200, "", false},
		{"POST", "api/v2/barong/identity/sessions", nil, 200, "", false},
		{"GET", "api/v2/peatio/management/x", []string{"Cookie", cookie}, 401, `{"errors":["authz.permission_denied"]}`, false},
		{"GET", "", []string{"Cookie", cookie}, 404, `{"errors":["route.not_found"]}`, false},
	} {
		got := w.do(test.method, "/api/v2/auth/"+test.path, "", test.headers...)
		w.want(got, test.status, test.body)
		if token := got.header.Get("Authorization") != ""; token != test.token {
			t.Errorf("%s %s: got token %t, want %t", test.method, test.path, token, test.token)
		}
	}
}

// busy is a Verifier that cannot verify.
type busy struct{}

func (busy) Verify(context.Context, string, netip.AddrPort) (event.Identity, error) {
	return event.Identity{}, errors.New("stopped")
}

func TestAuthenticate_VerifierFails(t *testing.T) {
	w := newWorld(t, func(cfg *barong.Config) { cfg.Verifier = busy{} })
	_, refused := w.authenticate("GET", "/api/v2/orders", "Authorization", "Bearer x")
	if refused == nil || refused.Code != 503 {
		t.Errorf("got %v, want 503", refused)
	}
}
