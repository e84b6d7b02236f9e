package auth_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// sample returns the claims of the sample client of Peatio 1.8.
func sample() object {
	now := time.Now().Unix()
	return object{
		"iat": now, "exp": now + 1200, "jti": "0b1d9f1e-64bd-4b0f-8b0d-8f4b7f8f2f3a",
		"sub": "session", "iss": "barong", "aud": []string{"peatio"},
		"email": "test@gmail.com", "uid": "ID092B2AF8E87", "level": 3, "state": "active",
	}
}

// The kinds of tokens of the specification.
func TestVerify_DistinguishesKindsOfTokens(t *testing.T) {
	barong := func() object {
		return sample().with(object{
			"aud": []string{"peatio", "barong"}, "jti": "76B9C4A0C4D1E2F3A4B5C6D7",
			"email": "admin@barong.io", "role": "admin",
		})
	}
	tests := []struct {
		name   string
		claims func() object
		want   auth.Reason
		keyID  string
	}{
		{"Barong 1.8 session", barong, "", ""},
		{"Barong 1.8 generate_jwt, scopes peatio", func() object {
			return barong().with(object{"aud": "peatio", "api_kid": "61d025b8573501c2"})
		}, "", "61d025b8573501c2"},
		{"Barong 1.8 generate_jwt, no scopes", func() object {
			return barong().with(object{"aud": nil, "api_kid": "61d025b8573501c2"})
		}, auth.Audience, ""},
		{"Barong 1.8 generate_jwt, scopes in a comma list", func() object {
			return barong().with(object{"aud": "peatio,barong", "api_kid": "61d025b8573501c2"})
		}, auth.Audience, ""},
		{"Barong 2.x authz", func() object {
			return barong().with(object{"jti": "59e4b0507a820cc36312", "referral_id": nil})
		}, "", ""},
		{"the sample client's", sample, "", ""},
		{"the client-signed key token", func() object {
			return object{
				"iat": time.Now().Unix(), "exp": time.Now().Unix() + 60,
				"sub": "api_key_jwt", "iss": "external", "jti": "1", "aud": []string{"peatio"},
			}
		}, auth.Subject, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := start(t, configFor(t, "HS256"))
				claims := test.claims()
				token := forgeHS256(t, claims.json(t))
				if got := reasonOf(t, v, token); got != test.want {
					t.Fatalf("got reason %q, want %q", got, test.want)
				}
				if test.want != "" {
					return
				}
				got, err := v.Verify(t.Context(), token, peer)
				if err != nil {
					t.Fatal(err)
				}
				want := event.Identity{
					UID: "ID092B2AF8E87", Expires: time.Now().Add(1200 * time.Second),
					TokenID: claims["jti"].(string), KeyID: test.keyID,
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("identity (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestVerify_ChecksEachClaim(t *testing.T) {
	at := func(offset float64) float64 { return float64(time.Now().Unix()) + offset }
	leeways := func(cfg *auth.Config) {
		cfg.IssuedAtLeeway, cfg.ExpirationLeeway, cfg.NotBeforeLeeway = 180*time.Second, 30*time.Second, 10*time.Second
	}
	defaults := func(cfg *auth.Config) { cfg.IssuedAtLeeway = 180 * time.Second }
	audience := func(entries ...string) func(*auth.Config) {
		return func(cfg *auth.Config) { cfg.Audience = entries }
	}
	issuer := func(cfg *auth.Config) { cfg.Issuer = "qux" }
	uidClaim := func(cfg *auth.Config) { cfg.UIDClaim = "email" }
	type change func(object) object
	set := func(name string, value any) change {
		return func(o object) object { return o.with(object{name: value}) }
	}
	setTime := func(name string, offset float64) change {
		return func(o object) object { return o.with(object{name: at(offset)}) }
	}
	drop := func(name string) change { return func(o object) object { return o.without(name) } }

	tests := []struct {
		name   string
		cfg    func(*auth.Config)
		change change
		want   auth.Reason
	}{
		{"exp a minute ago", defaults, setTime("exp", -60), auth.Expired},
		{"exp in a minute", defaults, setTime("exp", 60), ""},
		{"exp now", defaults, setTime("exp", 0), auth.Expired},
		{"exp in a second", defaults, setTime("exp", 1), ""},
		{"exp half a second ago", defaults, setTime("exp", -0.5), auth.Expired},
		{"exp in half a second", defaults, setTime("exp", 0.5), ""},
		{"exp within its leeway", leeways, setTime("exp", -29), ""},
		{"exp at the end of its leeway", leeways, setTime("exp", -30), auth.Expired},
		{"exp just within its leeway", leeways, setTime("exp", -29.5), ""},
		{"no exp", defaults, drop("exp"), auth.NoExpiry},
		{"exp with an exponent", defaults, set("exp", raw("2e9")), ""},
		{"exp in the last second of 9999", defaults, set("exp", raw("253402300799")), ""},
		{"exp in the year 10000", defaults, set("exp", raw("253402300800")), auth.BadClaim},
		{"exp in milliseconds", defaults, set("exp", raw("1534776439123")), auth.BadClaim},
		{"exp near the end of int64", defaults, set("exp", raw("9e18")), auth.BadClaim},
		{"exp past int64", defaults, set("exp", raw("1e30")), auth.BadClaim},
		{"exp past float64", defaults, set("exp", raw("1e400")), auth.BadClaim},
		{"exp of many digits", defaults, set("exp", raw(strings.Repeat("9", 5000))), auth.BadClaim},
		{"exp all but nothing", defaults, set("exp", raw("1e-400")), auth.Expired},
		{"exp negative", defaults, set("exp", raw("-1")), auth.BadClaim},
		{"exp minus nothing", defaults, set("exp", raw("-0.0")), auth.BadClaim},

		{"iat past its leeway", defaults, setTime("iat", 200), auth.IssuedInFuture},
		{"iat within its leeway", defaults, setTime("iat", 100), ""},
		{"iat at the end of its leeway", defaults, setTime("iat", 180), ""},
		{"iat a second past its leeway", defaults, setTime("iat", 181), auth.IssuedInFuture},
		{"iat now without leeway", nil, setTime("iat", 0), ""},
		{"iat in a second without leeway", nil, setTime("iat", 1), auth.IssuedInFuture},
		{"no iat", defaults, drop("iat"), ""},
		{"iat a word", defaults, set("iat", "x"), auth.BadClaim},

		{"nbf in a minute", defaults, setTime("nbf", 60), auth.NotYetValid},
		{"nbf now", defaults, setTime("nbf", 0), ""},
		{"nbf in a second", defaults, setTime("nbf", 1), auth.NotYetValid},
		{"nbf at the end of its leeway", leeways, setTime("nbf", 10), ""},
		{"nbf past its leeway", leeways, setTime("nbf", 11), auth.NotYetValid},

		{"no jti", nil, drop("jti"), auth.TokenID},
		{"jti empty", nil, set("jti", ""), auth.TokenID},
		{"jti blank", nil, set("jti", " \t\u00a0"), auth.TokenID},

		{"no sub", nil, drop("sub"), auth.Subject},
		{"sub of a key", nil, set("sub", "api_key_jwt"), auth.Subject},
		{"sub in another case", nil, set("sub", "Session"), auth.Subject},

		{"aud a string", nil, set("aud", "peatio"), ""},
		{"aud of another", nil, set("aud", []string{"barong"}), auth.Audience},
		{"aud of two", nil, set("aud", []string{"barong", "peatio"}), ""},
		{"aud with a comma", nil, set("aud", "peatio,barong"), auth.Audience},
		{"aud with a space", nil, set("aud", "peatio barong"), auth.Audience},
		{"aud with a comma in an array", nil, set("aud", []string{"peatio,barong"}), auth.Audience},
		{"aud null", nil, set("aud", nil), auth.Audience},
		{"aud a star", nil, set("aud", "*"), auth.Audience},
		{"no aud", nil, drop("aud"), auth.Audience},
		{"aud with a number after the right one", nil, set("aud", []any{"peatio", 1}), auth.Audience},
		{"aud nested", nil, set("aud", []any{[]string{"peatio"}}), auth.Audience},
		{"the second of two audiences", audience("foo", "bar"), set("aud", []string{"bar"}), ""},
		{"none of two audiences", audience("foo", "bar"), set("aud", []string{"baz"}), auth.Audience},
		{"the default audience when there are others", audience("foo", "bar"), set("aud", "peatio"), auth.Audience},
		{"any audience", audience("*"), set("aud", "whoever"), ""},
		{"any audience among others", audience("foo", "*"), set("aud", 5), ""},
		{"any audience, none given", audience("*"), drop("aud"), ""},

		{"iss as set", issuer, set("iss", "qux"), ""},
		{"iss of another", issuer, set("iss", "hacker"), auth.Issuer},
		{"no iss", issuer, drop("iss"), auth.Issuer},
		{"iss in an array", issuer, set("iss", []string{"qux"}), auth.Issuer},
		{"any iss", nil, set("iss", "hacker"), ""},

		{"no uid", nil, drop("uid"), auth.UID},
		{"uid empty", nil, set("uid", ""), auth.UID},
		{"uid blank", nil, set("uid", " "), auth.UID},
		{"uid of no-break space", nil, set("uid", "\u00a0\u2003"), auth.UID},
		{"uid as long as can be", nil, set("uid", strings.Repeat("x", event.MaxUID)), ""},
		{"uid too long", nil, set("uid", strings.Repeat("x", event.MaxUID+1)), auth.UID},
		{"uid too long in bytes", nil, set("uid", strings.Repeat("é", 128)), auth.UID},
		{"uid with a newline", nil, set("uid", "ID\n1"), auth.UID},
		{"uid with a zero byte", nil, set("uid", "ID\x00"), auth.UID},
		{"uid with DEL", nil, set("uid", "ID\x7f"), auth.UID},
		{"uid with a C1 control", nil, set("uid", "ID\u0085x"), auth.UID},
		{"uid with half a surrogate pair", nil, set("uid", raw(`"ID\ud800"`)), auth.UID},
		{"uid with a space inside", nil, set("uid", "ID 1"), ""},
		{"uid beyond ASCII", nil, set("uid", "\u7528\u6237"), ""},
		{"uid from another claim", uidClaim, drop("uid"), ""},
		{"uid from another claim that is not there", uidClaim, drop("email"), auth.UID},

		{"state banned", nil, set("state", "banned"), auth.State},
		{"state pending", nil, set("state", "pending"), auth.State},
		{"state in another case", nil, set("state", "Active"), auth.State},
		{"state empty", nil, set("state", ""), auth.State},
		{"state null", nil, set("state", nil), auth.State},
		{"no state", nil, drop("state"), ""},

		{"no email, level or role", nil, func(o object) object { return o.without("email").without("level") }, ""},
		{"names in another case are other claims", nil, func(o object) object {
			return o.without("uid").with(object{"UID": "ID1", "Uid": "ID1"})
		}, auth.UID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := configFor(t, "HS256")
				if test.cfg != nil {
					test.cfg(&cfg)
				}
				got := reasonOf(t, start(t, cfg), forgeHS256(t, test.change(sample()).json(t)))
				if got != test.want {
					t.Errorf("got reason %q, want %q", got, test.want)
				}
			})
		})
	}
}

// kinds are JSON values of every type.
var kinds = []string{
	`null`, `true`, `false`, `0`, `-1`, `1.5`, `1e400`, `""`, `"x"`, `"1"`, `" "`, `"\u0000"`,
	`[]`, `[null]`, `["x"]`, `[1]`, `[[]]`, `{}`, `{"a":1}`,
}

// Every JSON type in every claim.
func TestVerify_ChecksTypeOfEachClaim(t *testing.T) {
	// The reason for each claim, and the types for which it differs.
	tests := map[string]struct {
		want   auth.Reason
		except map[string]auth.Reason
	}{
		"exp":     {auth.BadClaim, map[string]auth.Reason{`0`: auth.Expired, `1.5`: auth.Expired}},
		"nbf":     {auth.BadClaim, map[string]auth.Reason{`0`: "", `1.5`: ""}},
		"iat":     {auth.BadClaim, map[string]auth.Reason{`0`: "", `1.5`: ""}},
		"iss":     {auth.Issuer, map[string]auth.Reason{`"x"`: ""}},
		"aud":     {auth.Audience, map[string]auth.Reason{`"x"`: "", `["x"]`: ""}},
		"sub":     {auth.Subject, nil},
		"jti":     {auth.TokenID, map[string]auth.Reason{`"x"`: "", `"1"`: "", `"\u0000"`: ""}},
		"uid":     {auth.UID, map[string]auth.Reason{`"x"`: "", `"1"`: ""}},
		"state":   {auth.State, nil},
		"api_kid": {auth.BadClaim, map[string]auth.Reason{`null`: "", `""`: "", `"x"`: "", `"1"`: "", `" "`: "", `"\u0000"`: ""}},
		"email":   {"", nil},
		"level":   {"", nil},
		"role":    {"", nil},
	}
	cfg := configFor(t, "HS256")
	cfg.Issuer, cfg.Audience = "x", []string{"x"}
	v := start(t, cfg)
	for claim, test := range tests {
		for _, kind := range kinds {
			t.Run(claim+" "+kind, func(t *testing.T) {
				want, ok := test.except[kind]
				if !ok {
					want = test.want
				}
				valid := sample().with(object{"iss": "x", "aud": "x"})
				got := reasonOf(t, v, forgeHS256(t, valid.with(object{claim: raw(kind)}).json(t)))
				if got != want {
					t.Errorf("got reason %q, want %q", got, want)
				}
			})
		}
	}
}

// Claims as text that no JSON library writes.
func TestVerify_RefusesMalformedClaims(t *testing.T) {
	v := start(t, configFor(t, "HS256"))
	tail := `"exp":4102444800,"sub":"session","aud":"peatio","jti":"1"}`
	tests := []struct {
		name, claims string
		want         auth.Reason
	}{
		{"plain", `{"uid":"ID1",` + tail, ""},
		{"white space", " {\n\t\"uid\" : \"ID1\" ,\r\n" + tail + "\n", ""},
		{"a claim twice, the last invalid", `{"uid":"ID1","uid":" ",` + tail, auth.UID},
		{"a claim twice, the last valid", `{"uid":7,"uid":"ID1",` + tail, ""},
		{"a name in escapes", `{"\u0075id":"ID1",` + tail, ""},
		{"empty", ``, auth.Malformed},
		{"null", `null`, auth.Malformed},
		{"an array", `[]`, auth.Malformed},
		{"a string", `"x"`, auth.Malformed},
		{"a number", `5`, auth.Malformed},
		{"nothing in it", `{}`, auth.NoExpiry},
		{"cut short", `{"uid":"ID1"`, auth.Malformed},
		{"two values", `{"uid":"ID1",` + tail + `{}`, auth.Malformed},
		{"not UTF-8", "{\"uid\":\"ID\xff\"," + tail, auth.Malformed},
		{"nested deeper than is sane", `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,` + `"uid":"ID1",` + tail, ""},
		{"NaN", `{"uid":"ID1","exp":NaN}`, auth.Malformed},
		{"a number with a plus", `{"uid":"ID1","exp":+1}`, auth.Malformed},
		{"a hexadecimal number", `{"uid":"ID1","exp":0x7fffffff}`, auth.Malformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := reasonOf(t, v, forgeHS256(t, []byte(test.claims))); got != test.want {
				t.Errorf("got reason %q, want %q", got, test.want)
			}
		})
	}
}

// Expires is exp plus its leeway, including the fraction.
func TestVerify_ExpiresIncludesLeeway(t *testing.T) {
	cfg := configFor(t, "HS256")
	cfg.ExpirationLeeway = 90 * time.Second
	v := start(t, cfg)
	token := forgeHS256(t, sample().with(object{"exp": raw("4102444800.5")}).json(t))
	got, err := v.Verify(t.Context(), token, peer)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Unix(4102444890, 500_000_000); !got.Expires.Equal(want) {
		t.Errorf("got %v, want %v", got.Expires, want)
	}
}
