package auth_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/auth"
)

// capture returns a logger and a function that returns its lines without their time.
func capture() (*slog.Logger, func() []map[string]any) {
	var mu sync.Mutex
	var text bytes.Buffer
	log := slog.New(slog.NewJSONHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return text.Write(p)
	}), nil))
	return log, func() []map[string]any {
		mu.Lock()
		defer mu.Unlock()
		var lines []map[string]any
		for decoder := json.NewDecoder(bytes.NewReader(text.Bytes())); decoder.More(); {
			var line map[string]any
			if err := decoder.Decode(&line); err != nil {
				panic(err)
			}
			delete(line, "time")
			lines = append(lines, line)
		}
		return lines
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// Every reason is returned, counted once and logged once, and the log never contains any
// part of a token.
func TestRefusal_IsCountedAndLoggedOnce(t *testing.T) {
	late := time.Now().Add(time.Hour).Unix()
	hs := func(header string, change object) string {
		return forge(t, "HS256", []byte(secret), []byte(header), sample().with(change).json(t))
	}
	plain := `{"alg":"HS256","kid":"k1"}`
	tokens := map[auth.Reason]string{
		auth.Malformed:      "a.b",
		auth.Algorithm:      hs(`{"alg":"none","kid":"k1"}`, nil),
		auth.BadSignature:   forge(t, "HS256", []byte("guess"), []byte(plain), sample().json(t)),
		auth.NoExpiry:       forge(t, "HS256", []byte(secret), []byte(plain), sample().without("exp").json(t)),
		auth.BadClaim:       hs(plain, object{"exp": "soon"}),
		auth.Expired:        hs(plain, object{"exp": 1}),
		auth.NotYetValid:    hs(plain, object{"nbf": late}),
		auth.IssuedInFuture: hs(plain, object{"iat": late}),
		auth.Issuer:         hs(plain, object{"iss": "other"}),
		auth.Audience:       hs(plain, object{"aud": "other"}),
		auth.Subject:        hs(plain, object{"sub": "other"}),
		auth.TokenID:        hs(plain, object{"jti": " "}),
		auth.UID:            hs(plain, object{"uid": " "}),
		auth.State:          hs(plain, object{"state": "banned"}),
		auth.NoBearer:       "", // no token
	}
	for _, reason := range auth.Reasons() {
		t.Run(reason, func(t *testing.T) {
			token, ok := tokens[auth.Reason(reason)]
			if !ok {
				t.Fatal("no token for this reason")
			}
			log, lines := capture()
			counts := &counter{}
			cfg := configFor(t, "HS256")
			cfg.Issuer, cfg.Log, cfg.Metrics = "barong", log, counts
			if v := start(t, cfg); token == "" {
				v.NoToken(t.Context(), peer)
			} else if got := reasonOf(t, v, token); string(got) != reason {
				t.Errorf("got reason %q", got)
			}
			if diff := cmp.Diff(map[string]int{reason: 1}, counts.refused); diff != "" || counts.accepted != 0 {
				t.Errorf("got %d valid tokens and (-want +got):\n%s", counts.accepted, diff)
			}
			want := map[string]any{
				"level": "INFO", "msg": "token refused", "reason": reason, "peer": "192.0.2.7:4711",
				"kid": "k1", "iss": "barong", "uid": "ID092B2AF8E87",
			}
			switch reason {
			case string(auth.Malformed), string(auth.NoBearer):
				delete(want, "kid")
				delete(want, "iss")
				delete(want, "uid")
			case string(auth.Issuer):
				want["iss"] = "other"
			case string(auth.UID):
				want["uid"] = " "
			}
			got := lines()
			if diff := cmp.Diff([]map[string]any{want}, got); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
			all, _ := json.Marshal(got)
			for part := range strings.SplitSeq(token, ".") {
				if len(part) > 3 && bytes.Contains(all, []byte(part)) {
					t.Errorf("got a log with the token: %s", all)
				}
			}
		})
	}
	if len(tokens) != len(auth.Reasons()) {
		t.Errorf("got %d Reasons, the test has %d", len(auth.Reasons()), len(tokens))
	}
}

func TestVerify_ValidTokenIsCountedButNotLogged(t *testing.T) {
	log, lines := capture()
	counts := &counter{}
	cfg := configFor(t, "HS256")
	cfg.Log, cfg.Metrics = log, counts
	if got := reasonOf(t, start(t, cfg), sign(t, signerFor(t, "HS256"), auth.Claims{UID: "ID1"})); got != "" {
		t.Fatalf("got reason %q", got)
	}
	if counts.accepted != 1 || len(counts.refused) != 0 || len(lines()) != 0 {
		t.Errorf("counted %d and %v, logged %v", counts.accepted, counts.refused, lines())
	}
}

func TestRefusal_ValuesAreLoggedShortAndPrintable(t *testing.T) {
	log, lines := capture()
	cfg := configFor(t, "HS256")
	cfg.Log = log
	header := object{"alg": "HS256", "kid": "a\nlevel=ERROR msg=\"\x1b[2J\u202e"}
	token := forge(t, "HS256", []byte("guess"), header.json(t),
		sample().with(object{"iss": strings.Repeat("\u00e9", 5000), "uid": []string{"ID1"}}).json(t))
	if got := reasonOf(t, start(t, cfg), token); got != auth.BadSignature {
		t.Fatalf("got reason %q", got)
	}
	want := []map[string]any{{
		"level": "INFO", "msg": "token refused", "reason": "bad_signature", "peer": "192.0.2.7:4711",
		"kid": `"a\nlevel=ERROR msg=\"\x1b[2J\u202e"`,
		"iss": `"` + strings.Repeat(`\u00e9`, 64) + `"...`,
	}}
	if diff := cmp.Diff(want, lines()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// All refusals of a flood are counted, some are logged, and the log has the number of others.
func TestRefusal_FloodIsLoggedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, lines := capture()
		counts := &counter{}
		cfg := configFor(t, "HS256")
		cfg.Log, cfg.Metrics = log, counts
		v := start(t, cfg)
		for range 500 {
			reasonOf(t, v, "x")
		}
		if got := len(lines()); got != 20 {
			t.Errorf("got %d lines in the first second, want 20", got)
		}
		<-time.After(time.Second - 1)
		reasonOf(t, v, "x")
		if got := len(lines()); got != 20 {
			t.Errorf("got %d lines just before its end, want 20", got)
		}
		<-time.After(1)
		reasonOf(t, v, "x")
		reasonOf(t, v, "x")
		got := lines()
		if len(got) != 22 {
			t.Fatalf("got %d lines, want 22", len(got))
		}
		if got[20]["suppressed"] != 481.0 || got[21]["suppressed"] != nil || counts.refused["malformed"] != 503 {
			t.Errorf("got %v, then %v, counted %v", got[20], got[21], counts.refused)
		}
	})
}

func TestReasons_AreUniqueAndNotEmpty(t *testing.T) {
	got := auth.Reasons()
	sorted := slices.Clone(got)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(got) || slices.Contains(got, "") {
		t.Errorf("got %q, want each once and none empty", got)
	}
	if err := (&auth.RefusalError{Reason: auth.State}).Error(); err != "token refused: state" {
		t.Errorf("got %q", err)
	}
}
