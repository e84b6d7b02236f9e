package barong_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzRequests sends any query, type of body and body to any endpoint, with a session.
// The response is never a server error, and is JSON in the form of the requested API.
// A request without a password never signs a user in.
func FuzzRequests(f *testing.F) {
	w := newWorld(f)
	kid2, _ := w.apiKey(bob)
	bearer := w.session1(bob)
	inputs := append(w.inputs(w.createKey1(bob, nil), kid2),
		input{method: "DELETE", path: "/api/v1/api_keys/x", fields: map[string]string{"totp_code": w.code(bob)}},
		input{method: "DELETE", path: "/api/v2/barong/resource/api_keys/x", fields: map[string]string{"totp_code": w.code(bob)}},
		input{method: "DELETE", path: "/api/v2/barong/identity/sessions"},
		input{method: "GET", path: "/api/v2/barong/resource/users/me"},
	)
	for i, input := range inputs {
		f.Add(i, "", "application/json", toJSON(f, input.fields))
		values := url.Values{}
		for name, value := range input.fields {
			values.Set(name, value)
		}
		f.Add(i, "", "application/x-www-form-urlencoded", values.Encode())
		f.Add(i, values.Encode(), "", "")
		for field := range input.fields {
			for _, kind := range []string{`null`, `true`, `0`, `-1`, `1.5`, `1e400`, `""`, `"x"`, `"\u0000"`, `"\ud800"`, `[]`, `[null]`, `["x"]`, `{}`, `{"a":1}`} {
				f.Add(i, "", "application/json", strings.TrimSuffix(toJSON(f, input.fields), "}")+`,"`+field+`":`+kind+`}`)
			}
		}
	}
	for _, body := range []string{``, ` `, `null`, `[]`, `{}`, `5`, `"x"`, `{`, "{\"email\":\"\xff\"}", `%zz`, `=`, `&&`, strings.Repeat("[", 11_000), strings.Repeat("x", 70_000)} {
		f.Add(0, body, "application/json", body)
		f.Add(6, "", "", body)
	}
	f.Fuzz(func(t *testing.T, which int, query, kind, body string) {
		input := inputs[uint(which)%uint(len(inputs))]
		r := httptest.NewRequestWithContext(t.Context(), input.method, input.path, strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", bearer)
		got := httptest.NewRecorder()
		w.service.Handler().ServeHTTP(got, r)

		answer := got.Body.Bytes()
		if got.Code >= 500 || got.Code < 200 || len(answer) > 0 && !json.Valid(answer) {
			t.Fatalf("%s %s: got %d %s", input.method, input.path, got.Code, answer)
		}
		if got.Code >= 400 && !hasForm(answer, strings.HasPrefix(input.path, "/api/v1/")) {
			t.Fatalf("%s %s: got %d %s", input.method, input.path, got.Code, answer)
		}
		opened := strings.HasSuffix(input.path, "/sessions") && input.method == http.MethodPost && got.Code < 300
		if opened && !knowsPassword(query+body) {
			t.Fatalf("%q %q: got a sign-in: %s", query, body, answer)
		}
	})
}

// hasForm reports whether a refusal has the form of 1.8 or 2.x and is not empty.
func hasForm(answer []byte, old bool) bool {
	var refusal struct {
		Error  string
		Errors []string
	}
	if json.Unmarshal(answer, &refusal) != nil {
		return false
	}
	return old && refusal.Error != "" || !old && len(refusal.Errors) > 0 && refusal.Errors[0] != ""
}

// knowsPassword reports whether a request may contain a user's password, in any
// escaping.
func knowsPassword(text string) bool {
	return strings.Contains(text, "-1") || strings.ContainsAny(text, `%\`)
}
