package barong_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// input is an endpoint and its parameters, each with a valid value.
type input struct {
	method, path string
	fields       map[string]string
	required     []string
	status       int // of a valid request
}

// inputs returns every endpoint with parameters; kid1 and kid2 are keys of bob.
func (w *world) inputs(kid1, kid2 string) []input {
	totp := w.code(bob)
	key1 := map[string]string{"public_key": publicPEM(w.tb), "totp_code": totp, "scopes": "peatio", "expires_in": "60"}
	state := map[string]string{"state": "active", "scope": "a,b", "totp_code": totp}
	code := map[string]string{"totp_code": totp}
	return []input{
		{"POST", "/api/v1/sessions", map[string]string{
			"email": bob.Email, "password": bob.Password, "application_id": "x", "otp_code": totp, "expires_in": "3600",
		}, []string{"email", "password", "application_id"}, 201},
		{"POST", "/api/v1/sessions/generate_jwt", map[string]string{
			"kid": kid1, "jwt_token": keyToken(w.tb, w.sampleClaims()),
		}, []string{"kid", "jwt_token"}, 200},
		{"GET", "/api/v1/api_keys", code, []string{"totp_code"}, 200},
		{"POST", "/api/v1/api_keys", key1, []string{"public_key", "totp_code"}, 201},
		{"GET", "/api/v1/api_keys/" + kid1, code, []string{"totp_code"}, 200},
		{"PATCH", "/api/v1/api_keys/" + kid1, map[string]string{
			"totp_code": totp, "state": "active", "public_key": publicPEM(w.tb), "scopes": "x", "expires_in": "60",
		}, []string{"totp_code"}, 200},
		{"POST", "/api/v2/barong/identity/sessions", map[string]string{
			"email": bob.Email, "password": bob.Password, "otp_code": totp,
		}, []string{"email", "password"}, 200},
		{"GET", "/api/v2/barong/resource/api_keys", code, []string{"totp_code"}, 200},
		{"POST", "/api/v2/barong/resource/api_keys", map[string]string{
			"algorithm": "HS256", "totp_code": totp, "scope": "a,b",
		}, []string{"algorithm", "totp_code"}, 201},
		{"PATCH", "/api/v2/barong/resource/api_keys/" + kid2, state, []string{"totp_code"}, 200},
	}
}

// names reports whether an error names the parameter.
func names(body, field string) bool {
	body = strings.ToLower(body)
	switch field {
	case "otp_code", "totp_code": // Barong says "OTP code" and "missing_otp"
		return strings.Contains(body, "otp")
	default:
		return strings.Contains(body, field) || strings.Contains(body, strings.ReplaceAll(field, "_", " "))
	}
}

// Every JSON kind is sent in every field of every endpoint. Nothing is a server error.
func TestEndpoints_RefuseWrongKindsByName(t *testing.T) {
	w := newWorld(t)
	kid2, _ := w.apiKey(bob)
	bearer := w.session1(bob)
	huge := strings.Repeat("9", 400)
	for _, input := range w.inputs(w.createKey1(bob, nil), kid2) {
		for field := range input.fields {
			for kind, mistyped := range map[string]bool{
				`null`: false, `true`: true, `false`: true, `0`: false, `-1`: false, `1.5`: false, `1e400`: false, huge: false,
				`""`: false, `"x"`: false, `"-1"`: false, `" "`: false, `"\u0000"`: false, `"\ud800"`: false,
				`"` + huge + `"`: false, `[]`: true, `[null]`: true, `["x"]`: true, `{}`: true, `{"a":1}`: true,
			} {
				members := map[string]json.RawMessage{}
				for name, value := range input.fields {
					members[name] = json.RawMessage(toJSON(t, value))
				}
				members[field] = json.RawMessage(kind)
				got := w.do(input.method, input.path, toJSON(t, members), "Authorization", bearer)
				at := input.method + " " + input.path + " " + field + " " + kind
				if got.status >= 500 || got.status < 200 || !json.Valid([]byte(got.body)) {
					t.Errorf("%s: got %d %s", at, got.status, got.body)
				}
				if mistyped && (got.status != 400 && got.status != 422 || !names(got.body, field)) {
					t.Errorf("%s: got %d %s, want the field refused", at, got.status, got.body)
				}
			}
		}
	}
}

// Valid parameters are accepted in JSON, in a form and in the query.
func TestEndpoints_ReportMissingParametersByName(t *testing.T) {
	w := newWorld(t)
	kid2, _ := w.apiKey(bob)
	bearer := w.session1(bob)
	const form = "application/x-www-form-urlencoded"
	for _, input := range w.inputs(w.createKey1(bob, nil), kid2) {
		at := input.method + " " + input.path
		values := url.Values{}
		for name, value := range input.fields {
			values.Set(name, value)
		}
		for how, got := range map[string]reply{
			"JSON":            w.do(input.method, input.path, toJSON(t, input.fields), "Authorization", bearer),
			"JSON, unsaid":    w.do(input.method, input.path, toJSON(t, input.fields), "Authorization", bearer, "Content-Type", form),
			"a form":          w.do(input.method, input.path, values.Encode(), "Authorization", bearer, "Content-Type", form),
			"the query":       w.do(input.method, input.path+"?"+values.Encode(), "", "Authorization", bearer),
			"a slash at last": w.do(input.method, input.path+"/?"+values.Encode(), "", "Authorization", bearer),
		} {
			if got.status != input.status {
				t.Errorf("%s in %s: got %d %s, want %d", at, how, got.status, got.body, input.status)
			}
		}
		for _, field := range input.required {
			rest := map[string]string{}
			for name, value := range input.fields {
				if name != field {
					rest[name] = value
				}
			}
			got := w.do(input.method, input.path, toJSON(t, rest), "Authorization", bearer)
			if got.status != 400 && got.status != 422 || !names(got.body, field) || !strings.Contains(got.body, "missing") {
				t.Errorf("%s without %s: got %d %s", at, field, got.status, got.body)
			}
		}
	}
}

// Of two values the last one counts.
func TestEndpoints_BodyWinsOverQuery(t *testing.T) {
	w := newWorld(t)
	const path = "/api/v2/barong/identity/sessions"
	good := url.Values{"email": {bob.Email}, "password": {bob.Password}, "otp_code": {w.code(bob)}}
	for _, test := range []struct {
		query, body string
		status      int
	}{
		{good.Encode(), `{"otp_code":"1"}`, 403},
		{good.Encode(), `{"otp_code":null}`, 401},
		{good.Encode(), `{"Otp_code":"1"}`, 200},
		{good.Encode() + "&otp_code=1", ``, 403},
		{"otp_code=1&" + good.Encode(), ``, 200},
	} {
		if got := w.do("POST", path+"?"+test.query, test.body); got.status != test.status {
			t.Errorf("%s %s: got %d %s, want %d", test.query, test.body, got.status, got.body, test.status)
		}
	}
}

func TestEndpoints_RefuseMalformedBodies(t *testing.T) {
	w := newWorld(t)
	const old, new2 = "/api/v1/sessions", "/api/v2/barong/identity/sessions"
	const object, deep = "the body must be a JSON object", 50_000
	for _, test := range []struct {
		name, kind, body string
		status           int
		text, code       string
	}{
		{"null", "application/json", `null`, 400, object, "invalid_json"},
		{"an array", "application/json", `[]`, 400, object, "invalid_json"},
		{"a string", "application/json", `"x"`, 400, object, "invalid_json"},
		{"a number", "application/json; charset=utf-8", `5`, 400, object, "invalid_json"},
		{"cut short", "application/json", `{"email":`, 400, object, "invalid_json"},
		{"two objects", "application/json", `{}{}`, 400, object, "invalid_json"},
		{"a form that says JSON", "application/json", `email=x`, 400, object, "invalid_json"},
		{"too deep", "application/json", `{"email":` + strings.Repeat("[", deep), 400, object, "invalid_json"},
		{"not UTF-8", "application/json", "{\"email\":\"\xff\",\"password\":\"x\",\"application_id\":\"x\"}", 401, "Invalid Email or Password", ""},
		{"XML", "application/xml", `<a/>`, 415, "Content-Type must be", "unsupported_content_type"},
		{"no type", "", `email=x`, 415, "Content-Type must be", "unsupported_content_type"},
		{"a bad form", "application/x-www-form-urlencoded", `email=%zz`, 400, "the form in the body is malformed", "invalid_form"},
		{"too large", "application/json", `{"email":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "the body is too large", "body_too_large"},
		{"much too large", "text/plain", strings.Repeat("x", 1<<20), 413, "the body is too large", "body_too_large"},
	} {
		got := w.do("POST", old, test.body, "Content-Type", test.kind)
		if got.status != test.status || !strings.HasPrefix(got.body, `{"error":"`+test.text) {
			t.Errorf("%s: got %d %s, want %d %s", test.name, got.status, got.body, test.status, test.text)
		}
		if test.code != "" {
			w.want(w.do("POST", new2, test.body, "Content-Type", test.kind), test.status, `{"errors":["server.`+test.code+`"]}`)
		}
	}
	w.want(w.do("POST", old+"?email=%zz", ""), 400, `{"error":"the query is malformed"}`)
	w.want(w.do("POST", new2+"?a;b", ""), 400, `{"errors":["server.invalid_query"]}`)
}

// Every method is sent to every path, and to unknown paths.
func TestRoutes_AllowOnlyTheirMethods(t *testing.T) {
	w := newWorld(t)
	allowed := map[string]string{
		"/api/v1/sessions":                   "POST",
		"/api/v1/sessions/generate_jwt":      "POST",
		"/api/v1/api_keys":                   "GET, POST",
		"/api/v1/api_keys/x":                 "DELETE, GET, PATCH",
		"/api/v2/barong/identity/sessions":   "DELETE, POST",
		"/api/v2/barong/resource/users/me":   "GET",
		"/api/v2/barong/resource/api_keys":   "GET, POST",
		"/api/v2/barong/resource/api_keys/x": "DELETE, PATCH",
		"/sandbox/users":                     "GET",
	}
	for path, want := range allowed {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			got := w.do(method, path, "")
			listed := strings.Contains(want, strings.Replace(method, "HEAD", "GET", 1))
			if listed != (got.status != http.StatusMethodNotAllowed) || got.status >= 500 {
				t.Errorf("%s %s: got %d", method, path, got.status)
			}
			if !listed && (got.header.Get("Allow") != want || method != "HEAD" && !strings.Contains(got.body, `"error`)) {
				t.Errorf("%s %s: got Allow %q and %s, want %q", method, path, got.header.Get("Allow"), got.body, want)
			}
		}
	}
	for path, want := range map[string]string{
		"/":                                `{"error":"Unable to find endpoint"}`,
		"/api/v1/":                         `{"error":"Unable to find endpoint"}`,
		"/api/v1/sessions/x":               `{"error":"Unable to find endpoint"}`,
		"/api/v1/api_keys/x/y":             `{"error":"Unable to find endpoint"}`,
		"/api/v1/api_keys/*":               `{"error":"Unable to find endpoint"}`,
		"/api/v1//sessions":                `{"error":"Unable to find endpoint"}`,
		"/api/v1/../v1/sessions":           `{"error":"Unable to find endpoint"}`,
		"/api/v2/barong/":                  `{"errors":["route.not_found"]}`,
		"/api/v2/barong/resource/users/it": `{"errors":["route.not_found"]}`,
		"/api/v2/auth":                     `{"error":{"code":2001,"message":"Unable to find endpoint"}}`,
		"/api/v2/auth/":                    `{"errors":["route.not_found"]}`,
		"/sandbox/":                        `{"error":"Unable to find endpoint"}`,
	} {
		w.want(w.do("POST", path, ""), 404, want)
	}
}
