package barong_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ranger/internal/tools/sandbox/barong"
)

func TestNew_RefusesInvalidConfig(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name string
		cfg  barong.Config
		want string
	}{
		{"nothing", barong.Config{}, "signer: must be set\nverifier: must be set"},
		{"negative life", barong.Config{TokenLife: -1}, "must not be negative"},
		{"no uid", barong.Config{Users: []barong.User{{Email: "a@b", Password: "x"}}}, "uid"},
		{"no email", barong.Config{Users: []barong.User{{UID: "ID1", Password: "x"}}}, "email: must not be blank"},
		{"no password", barong.Config{Users: []barong.User{{UID: "ID1", Email: "a@b"}}}, "password: must not be empty"},
		{"bad secret", barong.Config{Users: []barong.User{{UID: "ID1", Email: "a@b", Password: "x", TOTPSecret: "1"}}}, "TOTP secret"},
		{"two of an email", barong.Config{Users: []barong.User{alice, {UID: "ID1", Email: "ALICE@example.com", Password: "x"}}}, "email: used by two users"},
		{"two of a uid", barong.Config{Users: []barong.User{alice, {UID: alice.UID, Email: "a@b", Password: "x"}}}, "used by two users"},
	} {
		if test.name != "nothing" {
			test.cfg.Signer, test.cfg.Verifier = w.signer, w.verifier
		}
		if _, err := barong.New(test.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q in it", test.name, err, test.want)
		}
	}
}

// The codes are the test vectors without their first two digits.
func TestCode_MatchesRFC6238(t *testing.T) {
	w := newWorld(t)
	now := time.Unix(0, 0)
	service, err := barong.New(barong.Config{
		Users:  []barong.User{{UID: "ID1", Email: "a@b", Password: "x", TOTPSecret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}},
		Signer: w.signer, Verifier: w.verifier, Now: func() time.Time { return now },
	})
	w.must(err)
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		now = time.Unix(seconds, 0)
		if got, ok := service.Code("A@B"); !ok || got != want {
			t.Errorf("%d: got %s, want %s", seconds, got, want)
		}
	}
	for _, email := range []string{"", "b@b"} {
		if got, ok := service.Code(email); ok {
			t.Errorf("%q: got %s", email, got)
		}
	}
	if got, ok := w.service.Code(carol.Email); ok {
		t.Errorf("carol: got %s", got)
	}
}

// A code is valid in its half minute, the one before and the one after.
func TestCode_ExpiresAfterTheNextHalfMinute(t *testing.T) {
	w := newWorld(t)
	w.mu.Lock()
	w.now = w.now.Truncate(30 * time.Second)
	w.mu.Unlock()
	old := w.code(bob)
	w.advance(59 * time.Second)
	const path = "/api/v2/barong/identity/sessions"
	body := toJSON(t, map[string]string{"email": bob.Email, "password": bob.Password, "totp_code": old})
	if got := w.do("POST", path, body); got.status != 200 {
		t.Errorf("after 59 s: got %d %s", got.status, got.body)
	}
	w.advance(time.Second)
	w.want(w.do("POST", path, body), 403, `{"errors":["identity.session.invalid_otp"]}`)
}

func TestListUsers_ShowsCredentials(t *testing.T) {
	w := newWorld(t)
	got := read[struct {
		Notice string
		Users  []map[string]string
	}](w, w.do("GET", "/sandbox/users", ""), 200)
	if !strings.Contains(got.Notice, "sandbox") || len(got.Users) != 3 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []barong.User{alice, bob, carol} {
		totp, _ := w.service.Code(want.Email)
		user := got.Users[i]
		if user["email"] != want.Email || user["password"] != want.Password || user["uid"] != string(want.UID) || user["totp_code"] != totp {
			t.Errorf("got %v, want %+v", user, want)
		}
	}
}

func TestTokenLife_IsTheDefaultLifetime(t *testing.T) {
	w := newWorld(t, func(cfg *barong.Config) { cfg.TokenLife = time.Minute })
	cookie, _ := w.session2(bob)
	for name, token := range map[string]string{
		"1.8":         w.session1(bob),
		"the gateway": w.do("GET", "/api/v2/auth/x", "", "Cookie", cookie).header.Get("Authorization"),
	} {
		claims := claimsOf(t, token)
		if life := claims["exp"].(float64) - claims["iat"].(float64); life != 60 {
			t.Errorf("%s: got a lifetime of %v s, want 60", name, life)
		}
	}
}

// Users see only their own data.
func TestService_ConcurrentRequestsRespectLimits(t *testing.T) {
	w := newWorld(t)
	const each = 15
	users := []barong.User{alice, bob}
	cookies, kids := make([][]string, len(users)), make([][]string, len(users))
	var mu sync.Mutex
	var working sync.WaitGroup
	for i, user := range users {
		for range 2 * barong.PerUser / each {
			working.Go(func() {
				for range each {
					cookie, csrf := w.session2(user)
					body := toJSON(t, map[string]string{"algorithm": "HS256", "totp_code": w.code(user)})
					got := w.do("POST", "/api/v2/barong/resource/api_keys", body, "Cookie", cookie, "X-CSRF-Token", csrf)
					var key struct{ KID string }
					if err := json.Unmarshal([]byte(got.body), &key); err != nil {
						t.Error(err)
					}
					mu.Lock()
					cookies[i] = append(cookies[i], cookie)
					if got.status == 201 {
						kids[i] = append(kids[i], key.KID)
					}
					mu.Unlock()
				}
			})
		}
	}
	working.Wait()
	for i, user := range users {
		if len(kids[i]) != barong.PerUser {
			t.Errorf("%s: got %d API keys, want %d", user.Email, len(kids[i]), barong.PerUser)
		}
		alive := 0
		for _, cookie := range cookies[i] {
			if uid, refused := w.authenticate("GET", "/api/v2/peatio/x", "Cookie", cookie); refused == nil {
				alive++
				if uid != user.UID {
					t.Errorf("cookie of %s: got uid %s", user.UID, uid)
				}
			}
		}
		if alive != barong.PerUser {
			t.Errorf("%s: got %d sessions, want %d", user.Email, alive, barong.PerUser)
		}
		var listed []string
		for _, key := range read[[]map[string]any](w, w.do("GET", "/api/v2/barong/resource/api_keys?totp_code="+w.code(user), "", "Authorization", w.session1(user)), 200) {
			listed = append(listed, key["kid"].(string))
		}
		slices.Sort(listed)
		slices.Sort(kids[i])
		if !slices.Equal(listed, kids[i]) {
			t.Errorf("%s: got the keys %v, want %v", user.Email, listed, kids[i])
		}
	}
}
