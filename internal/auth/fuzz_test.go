package auth_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"ranger/internal/event"
)

// FuzzClaims signs arbitrary claims, and verifies arbitrary text as a token. A signed
// token must be accepted exactly if an independent slow check accepts it; any other text
// must be refused.
func FuzzClaims(f *testing.F) {
	valid := `{"iat":1534776439,"exp":4102444800,"jti":"1","sub":"session","iss":"barong","aud":["peatio"],"uid":"ID1","level":3,"state":"active"}`
	f.Add([]byte(valid), "")
	for _, claim := range []string{"iat", "nbf", "exp", "jti", "sub", "iss", "aud", "uid", "state", "api_kid", "level"} {
		for _, kind := range append(kinds, `9e18`, `1e30`, `-1e30`, `1e-400`, `4102444800.5`, `253402300799`, `253402300800`, `"\ud800"`, `"peatio,barong"`) {
			f.Add([]byte(valid[:len(valid)-1]+`,"`+claim+`":`+kind+`}`), "")
		}
	}
	for _, text := range []string{``, `null`, `[]`, `{}`, `5`, `"x"`, `{"uid":null}`, `{"UID":"x"}`, "{\"uid\":\"\xff\"}", strings.Repeat("[", 9000)} {
		f.Add([]byte(text), text)
	}
	signed := forge(f, "HS256", []byte("guess"), []byte(`{"alg":"HS256"}`), []byte(valid))
	for _, token := range []string{signed, signed + "y", signed + "=", signed + ".", "..", "a.b", "e30.e30.", "bnVsbA.bnVsbA.", "W10.W10.AA", "eyJhbGciOiJub25lIn0." + encode([]byte(valid)) + "."} {
		f.Add([]byte(valid), token)
	}

	v := start(f, configFor(f, "HS256"))
	f.Fuzz(func(t *testing.T, claims []byte, text string) {
		if _, err := v.Verify(t.Context(), text, peer); !errors.Is(err, event.ErrRefused) {
			t.Fatalf("%q: got error %v, want a refusal", text, err)
		}
		token := forgeHS256(t, claims)
		before := slowCheck(claims, time.Now())
		identity, err := v.Verify(t.Context(), token, peer)
		after := slowCheck(claims, time.Now())
		if before != after { // a time was reached meanwhile
			return
		}
		want := before && len(token) <= 16<<10
		if want != (err == nil) {
			t.Fatalf("claims %q: got error %v, want accepted %t", claims, err, want)
		}
		if err != nil && !errors.Is(err, event.ErrRefused) {
			t.Fatalf("claims %q: got error %v, want a refusal", claims, err)
		}
		if err == nil && (!identity.Expires.After(time.Now().Add(-time.Minute)) || strings.TrimSpace(string(identity.UID)) == "" || identity.TokenID == "") {
			t.Fatalf("claims %q: got %+v", claims, identity)
		}
	})
}

// slowCheck reports whether a token with these claims is valid at that time with the
// default Config.
func slowCheck(text []byte, now time.Time) bool {
	if !utf8.Valid(text) || !json.Valid(text) {
		return false
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var claims map[string]any
	if decoder.Decode(&claims) != nil || claims == nil {
		return false
	}
	clock := float64(now.UnixMicro()) / 1e6
	// date compares a claim with the clock.
	date := func(name string) (order int, present, ok bool) {
		value, present := claims[name]
		number, isNumber := value.(json.Number)
		if !isNumber {
			return 0, present, false
		}
		seconds, err := number.Float64()
		if err != nil || number[0] == '-' || seconds > 253402300799 {
			return 0, true, false
		}
		return cmp.Compare(seconds, clock), true, true
	}
	if order, _, ok := date("exp"); !ok || order <= 0 {
		return false
	}
	for _, name := range []string{"nbf", "iat"} {
		if order, present, ok := date(name); present && (!ok || order > 0) {
			return false
		}
	}
	entries, isArray := claims["aud"].([]any)
	if !isArray {
		entries = []any{claims["aud"]}
	}
	named := false
	for _, entry := range entries {
		if _, isString := entry.(string); !isString {
			return false
		}
		named = named || entry == "peatio"
	}
	tokenID, _ := claims["jti"].(string)
	if !named || claims["sub"] != "session" || blank(tokenID) {
		return false
	}
	if state, present := claims["state"]; present && state != "active" {
		return false
	}
	switch claims["api_kid"].(type) {
	case nil, string:
	default:
		return false
	}
	uid, _ := claims["uid"].(string)
	for _, r := range uid {
		if r == '\ufffd' || unicode.In(r, unicode.Cc) {
			return false
		}
	}
	return !blank(uid) && len(uid) <= 255
}

func blank(s string) bool { return strings.TrimFunc(s, unicode.IsSpace) == "" }
