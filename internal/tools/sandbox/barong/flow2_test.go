package barong_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/sandbox/barong"
)

// From a password to requests signed with an API key, as documented by Barong 2.x, with
// the requests of httpie.
func TestFlow2_AuthenticatesRequestsAsDocumented(t *testing.T) {
	w := newWorld(t)
	got := w.do("POST", "/api/v2/barong/identity/sessions",
		fmt.Sprintf(`{"email": "alice@example.com", "password": "Alice-1", "otp_code": "%s"}`, w.code(alice)))
	cookie := regexp.MustCompile(`^(_barong_session=[0-9a-f]{32}); Path=/; HttpOnly; SameSite=Lax$`).FindStringSubmatch(got.header.Get("Set-Cookie"))
	if cookie == nil {
		t.Fatalf("got the cookie %q", got.header.Get("Set-Cookie"))
	}
	at := w.clock().UTC().Format("2006-01-02T15:04:05Z")
	session := read[map[string]any](w, got, 200)
	csrf, _ := session["csrf_token"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{20}$`).MatchString(csrf) {
		t.Errorf("got csrf_token %q", csrf)
	}
	want := map[string]any{
		"created_at": at, "csrf_token": csrf, "data": `{"language":"en"}`, "data_storages": []any{}, "email": "alice@example.com",
		"labels": []any{map[string]any{"created_at": at, "key": "email", "scope": "private", "updated_at": at, "value": "verified"}},
		"level":  5.0, "otp": true, "phones": []any{}, "profiles": []any{}, "referral_uid": nil, "role": "admin",
		"state": "active", "uid": "IDAF1AED1A42", "updated_at": at,
	}
	if diff := cmp.Diff(want, session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}

	if uid, refused := w.authenticate("GET", "/api/v2/peatio/account/balances", "Cookie", cookie[1]); uid != alice.UID {
		t.Errorf("cookie: got uid %q, refusal %v", uid, refused)
	}
	delete(want, "csrf_token")
	if diff := cmp.Diff(want, read[map[string]any](w, w.do("GET", "/api/v2/barong/resource/users/me", "", "Cookie", cookie[1]), 200)); diff != "" {
		t.Errorf("me (-want +got):\n%s", diff)
	}

	got = w.do("POST", "/api/v2/barong/resource/api_keys",
		fmt.Sprintf(`{"algorithm": "HS256", "totp_code": "%s"}`, w.code(alice)), "Cookie", cookie[1], "x-csrf-token", csrf)
	key := read[map[string]any](w, got, 201)
	kid, _ := key["kid"].(string)
	secret, _ := key["secret"].(map[string]any)
	data, _ := secret["data"].(map[string]any)
	value, _ := data["value"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(kid) || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(value) {
		t.Errorf("got kid %q and secret %q", kid, value)
	}
	if diff := cmp.Diff(map[string]any{
		"algorithm": "HS256", "created_at": at, "kid": kid, "scope": []any{},
		"secret": map[string]any{
			"auth": nil, "data": map[string]any{"value": value}, "lease_duration": 2764800.0, "lease_id": "", "metadata": nil,
			"renewable": false, "warnings": nil, "wrap_info": nil,
		},
		"state": "active", "updated_at": at,
	}, key); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}

	if uid, refused := w.authenticate("POST", "/api/v2/peatio/market/orders", w.triple(kid, value, 0)...); uid != alice.UID {
		t.Errorf("API key: got uid %q, refusal %v", uid, refused)
	}
	got = w.do("GET", "/api/v2/auth/api/v2/ranger/private/?stream=order", "", w.triple(kid, value, 0)...)
	if got.status != 200 || got.body != "" {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	if uid, refused := w.authenticate("GET", "/api/v2/peatio/x", "Authorization", got.header.Get("Authorization")); uid != alice.UID {
		t.Errorf("gateway's token: got uid %q, refusal %v", uid, refused)
	}
}

// The example is that in the documentation of Barong 2.x.
func TestSign_MatchesTheExampleOfTheDocument(t *testing.T) {
	got := barong.Sign("2d0b4979c7fe6986daa8e21d1dc0644f", "1584524005143", "61d025b8573501c2")
	if want := "bd42b945e095880e28d046846dbecf655fdf09d95a396a24fe6fe1df42f15d13"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSession2_RefusesInvalidSignInsAndMayBeEnded(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/barong/identity/sessions"
	for _, test := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"nothing", ``, 422, `{"errors":["identity.session.missing_email","identity.session.missing_password"]}`},
		{"blank", `{"email":"bob@example.com","password":""}`, 422, `{"errors":["identity.session.empty_password"]}`},
		{"unknown", `{"email":"eve@example.com","password":"x"}`, 401, `{"errors":["identity.session.invalid_params"]}`},
		{"wrong password", `{"email":"bob@example.com","password":"x"}`, 401, `{"errors":["identity.session.invalid_params"]}`},
		{"no code", `{"email":"bob@example.com","password":"Bob-1"}`, 401, `{"errors":["identity.session.missing_otp"]}`},
		{"wrong code", `{"email":"bob@example.com","password":"Bob-1","otp_code":"1"}`, 403, `{"errors":["identity.session.invalid_otp"]}`},
	} {
		got := w.do("POST", path, test.body)
		w.want(got, test.status, test.want)
		if got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: got a cookie, want none", test.name)
		}
	}

	cookie, _ := w.session2(bob)
	got := w.do("DELETE", path, "", "Cookie", cookie)
	w.want(got, 200, "")
	if want := "_barong_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"; got.header.Get("Set-Cookie") != want {
		t.Errorf("got the cookie %q, want %q", got.header.Get("Set-Cookie"), want)
	}
	w.want(w.do("DELETE", path, "", "Cookie", cookie), 404, `{"errors":["identity.session.not_found"]}`)
	w.want(w.do("GET", "/api/v2/barong/resource/users/me", "", "Cookie", cookie), 401, `{"errors":["authz.invalid_session"]}`)
}

func TestSession2_ExpiresHalfAnHourAfterLastRequest(t *testing.T) {
	w := newWorld(t)
	cookie, _ := w.session2(bob)
	for range 3 {
		w.advance(29 * time.Minute)
		if uid, refused := w.authenticate("GET", "/api/v2/peatio/x", "Cookie", cookie); uid != bob.UID {
			t.Fatalf("got refusal %v", refused)
		}
	}
	w.advance(30 * time.Minute)
	for _, want := range []string{"client_session_mismatch", "invalid_session"} {
		w.want(w.do("GET", "/api/v2/barong/resource/users/me", "", "Cookie", cookie), 401, `{"errors":["authz.`+want+`"]}`)
	}
}

func TestSession2_OldestEndsBeyondTheLimit(t *testing.T) {
	w := newWorld(t)
	others, _ := w.session2(alice)
	first, _ := w.session2(bob)
	second, _ := w.session2(bob)
	for range barong.PerUser - 1 {
		w.session2(bob)
	}
	for cookie, want := range map[string]int{first: 401, second: 200, others: 200} {
		if got := w.do("GET", "/api/v2/barong/resource/users/me", "", "Cookie", cookie); got.status != want {
			t.Errorf("got %d, want %d", got.status, want)
		}
	}
}

func TestKeys2_AreManagedOnlyByTheirUser(t *testing.T) {
	w := newWorld(t)
	const keys = "/api/v2/barong/resource/api_keys"
	kid, secret := w.apiKey(alice)
	path := keys + "/" + kid
	cookie, csrf := w.session2(alice)
	mine := []string{"Cookie", cookie, "X-CSRF-Token", csrf}
	cookie, csrf = w.session2(bob)
	bobs := []string{"Cookie", cookie, "X-CSRF-Token", csrf}
	totp := "?totp_code="

	at := w.clock().UTC().Format("2006-01-02T15:04:05Z")
	shown := map[string]any{"algorithm": "HS256", "created_at": at, "kid": kid, "scope": []any{}, "state": "active", "updated_at": at}
	if diff := cmp.Diff([]map[string]any{shown}, read[[]map[string]any](w, w.do("GET", keys+totp+w.code(alice), "", mine...), 200)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	w.advance(time.Minute)
	body := toJSON(t, map[string]string{"state": "inactive", "scope": "trade,read", "totp_code": w.code(alice)})
	shown["scope"], shown["state"], shown["updated_at"] = []any{"trade", "read"}, "inactive", w.clock().UTC().Format("2006-01-02T15:04:05Z")
	if diff := cmp.Diff(shown, read[map[string]any](w, w.do("PATCH", path, body, mine...), 200)); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	w.want(w.do("GET", "/api/v2/auth/x", "", w.triple(kid, secret, 0)...), 401, `{"errors":["authz.apikey_not_active"]}`)
	w.do("PATCH", path, toJSON(t, map[string]string{"state": "active", "totp_code": w.code(alice)}), mine...)
	w.want(w.do("GET", "/api/v2/auth/x", "", w.triple(kid, secret, 0)...), 200, "")

	w.want(w.do("DELETE", path+totp+w.code(bob), "", bobs...), 404, `{"errors":["record.not_found"]}`)
	w.want(w.do("PATCH", path+totp+w.code(bob), "", bobs...), 404, `{"errors":["record.not_found"]}`)
	w.want(w.do("DELETE", path, "", mine...), 422, `{"errors":["resource.api_key.missing_otp"]}`)
	w.want(w.do("DELETE", path+totp+"1", "", mine...), 422, `{"errors":["resource.api_key.invalid_otp"]}`)
	w.want(w.do("DELETE", path+totp+w.code(alice), "", mine[:2]...), 401, `{"errors":["authz.missing_csrf_token"]}`)
	w.want(w.do("DELETE", path+totp+w.code(alice), "", mine...), 204, "")
	w.want(w.do("GET", keys+totp+w.code(alice), "", mine...), 200, `[]`)
	w.want(w.do("GET", "/api/v2/auth/x", "", w.triple(kid, secret, 0)...), 401, `{"errors":["authz.unexistent_apikey"]}`)
}

func TestCreateKey2_RefusesInvalidRequests(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/barong/resource/api_keys"
	cookie, csrf := w.session2(bob)
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{`{}`, 422, "missing_otp"},
		{`{"totp_code":"1"}`, 422, "invalid_otp"},
		{`{"totp_code":"%s"}`, 422, "missing_algorithm"},
		{`{"totp_code":"%s","algorithm":""}`, 422, "empty_algorithm"},
		{`{"totp_code":"%s","algorithm":"RS256"}`, 422, "invalid_algorithm"},
		{`{"totp_code":"%s","algorithm":"HS256","scope":["a"]}`, 422, "invalid_scope"},
	} {
		body := test.body
		if regexp.MustCompile(`%s`).MatchString(body) {
			body = fmt.Sprintf(body, w.code(bob))
		}
		w.want(w.do("POST", path, body, "Cookie", cookie, "X-CSRF-Token", csrf), test.status, `{"errors":["resource.api_key.`+test.want+`"]}`)
	}
	var kid string
	for range barong.PerUser {
		kid, _ = w.apiKey(bob)
	}
	cookie, csrf = w.session2(bob)
	body := toJSON(t, map[string]string{"algorithm": "HS256", "totp_code": w.code(bob)})
	w.want(w.do("POST", path, body, "Cookie", cookie, "X-CSRF-Token", csrf), 422, `{"errors":["resource.api_key.too_many"]}`)
	w.want(w.do("DELETE", path+"/"+kid+"?totp_code="+w.code(bob), "", "Cookie", cookie, "X-CSRF-Token", csrf), 204, "")
	w.apiKey(bob) // there is room again

	token := read[string](w, w.do("POST", "/api/v1/sessions", `{"email":"carol@example.com","password":"Carol-1","application_id":"x"}`), 201)
	w.want(w.do("POST", path, `{}`, "Authorization", "Bearer "+token), 400, `{"errors":["resource.api_key.2fa_disabled"]}`)
}
