package barong_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/auth"
	"ranger/internal/tools/sandbox/barong"
)

func TestKeys1_AreManagedOnlyByTheirUser(t *testing.T) {
	w := newWorld(t)
	kid := w.createKey1(alice, map[string]any{"scopes": "peatio"})
	path, mine, bobs := "/api/v1/api_keys/"+kid, w.session1(alice), w.session1(bob)
	totp := "?totp_code="

	key := read[map[string]any](w, w.do("GET", path+totp+w.code(alice), "", "Authorization", mine), 200)
	w.advance(time.Hour)
	body := toJSON(t, map[string]any{"expires_in": 60, "scopes": "x", "state": "inactive", "totp_code": w.code(alice)})
	changed := read[map[string]any](w, w.do("PATCH", path, body, "Authorization", mine), 200)
	key["expires_in"], key["scopes"], key["state"], key["updated_at"] = 60.0, "x", "inactive", w.clock().UTC().Format("2006-01-02T15:04:05Z")
	if diff := cmp.Diff(key, changed); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}

	w.want(w.do("GET", path+totp+w.code(bob), "", "Authorization", bobs), 404, `{"error":"Record is not found"}`)
	w.want(w.do("DELETE", path+totp+w.code(bob), "", "Authorization", bobs), 404, `{"error":"Record is not found"}`)
	w.want(w.do("GET", "/api/v1/api_keys"+totp+w.code(bob), "", "Authorization", bobs), 200, `[]`)
	w.want(w.do("GET", path+totp+"000", "", "Authorization", mine), 422, `{"error":"OTP code is invalid"}`)
	w.want(w.do("GET", path+totp+w.code(bob), "", "Authorization", mine), 422, `{"error":"OTP code is invalid"}`)
	w.want(w.do("GET", path, "", "Authorization", mine), 400, `{"error":"totp_code is missing"}`)
	w.want(w.do("GET", path+totp+w.code(alice), ""), 401, `{"error":"The access token is invalid: authz.invalid_session"}`)
	w.want(w.do("GET", path+totp+w.code(alice), "", "Authorization", mine+"x"), 401, `{"error":"The access token is invalid"}`)
	stranger, err := w.signer.Sign(auth.Claims{UID: "IDNOBODY"})
	w.must(err)
	w.want(w.do("GET", path+totp+w.code(alice), "", "Authorization", "Bearer "+stranger), 401, `{"error":"Account does not exist"}`)

	w.want(w.do("DELETE", path+totp+w.code(alice), "", "Authorization", mine), 204, "")
	w.want(w.do("GET", path+totp+w.code(alice), "", "Authorization", mine), 404, `{"error":"Record is not found"}`)
}

func TestCreateKey1_RefusesInvalidRequests(t *testing.T) {
	w := newWorld(t)
	private, _ := keys()
	for _, test := range []struct {
		name, field string
		value       any
		status      int
		want        string
	}{
		{"no key", "public_key", nil, 400, "public_key is missing"},
		{"blank key", "public_key", " ", 400, "public_key is empty"},
		{"no public key", "public_key", "x", 422, "Public key is invalid: "},
		{"a private key", "public_key", private, 422, "Public key is invalid: "},
		{"life too short", "expires_in", 29, 422, "Expires in must be greater than or equal to 30"},
		{"life zero", "expires_in", 0, 422, "Expires in must be greater than or equal to 30"},
		{"life negative", "expired_in", -5, 422, "Expires in must be greater than or equal to 30"},
		{"life too long", "expires_in", 86401, 422, "Expires in must be less than or equal to 86400"},
		{"life no number", "expires_in", "soon", 400, "expires_in is invalid"},
		{"scopes too long", "scopes", strings.Repeat("x", 256), 422, "Scopes is too long"},
	} {
		body := map[string]any{"public_key": publicPEM(t), "totp_code": w.code(bob)}
		body[test.field] = test.value
		got := w.do("POST", "/api/v1/api_keys", toJSON(t, body), "Authorization", w.session1(bob))
		if got.status != test.status || !strings.HasPrefix(got.body, `{"error":"`+test.want) {
			t.Errorf("%s: got %d %s, want %d %s", test.name, got.status, got.body, test.status, test.want)
		}
	}
	for range barong.PerUser {
		w.createKey1(bob, nil)
	}
	body := toJSON(t, map[string]any{"public_key": publicPEM(t), "totp_code": w.code(bob)})
	w.want(w.do("POST", "/api/v1/api_keys", body, "Authorization", w.session1(bob)), 422, `{"error":"You have too many API keys: delete one first"}`)
	w.createKey1(alice, nil) // her limit is separate
}
