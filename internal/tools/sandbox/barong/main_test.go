package barong_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/sandbox/barong"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	alice = barong.User{
		UID: "IDAF1AED1A42", Email: "alice@example.com", Password: "Alice-1", TOTPSecret: "ALICEALICEALICE2", Level: 5, Role: "admin",
	}
	bob = barong.User{UID: "ID092B2AF8E87", Email: "bob@example.com", Password: "Bob-1", TOTPSecret: "BOBBOBBOBBOBBOB2"}
	// carol has no second factor.
	carol = barong.User{UID: "IDCA401", Email: "carol@example.com", Password: "Carol-1"}
)

// world is a Service with its own clock, and its dependencies.
type world struct {
	tb       testing.TB
	service  *barong.Service
	signer   *auth.Signer
	verifier *auth.Verifier
	log      *bytes.Buffer
	client   *http.Client // of url
	url      string

	mu  sync.Mutex
	now time.Time
}

// keys returns one key pair for all tests, because generating one is slow.
var keys = sync.OnceValues(func() (private, public string) {
	a, b, err := auth.GenerateKey("RS256")
	if err != nil {
		panic(err)
	}
	return string(a), string(b)
})

func newWorld(tb testing.TB, changes ...func(*barong.Config)) *world {
	tb.Helper()
	private, public := keys()
	w := &world{tb: tb, log: new(bytes.Buffer), now: time.Now()}
	parsed, err := auth.ParsePublicKeys(public)
	w.must(err)
	w.signer, err = auth.NewSigner("RS256", private)
	w.must(err)
	w.verifier, err = auth.New(auth.Config{Keys: parsed})
	w.must(err)
	cfg := barong.Config{
		Users: []barong.User{alice, bob, carol}, Signer: w.signer, Verifier: w.verifier, Now: w.clock,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	for _, change := range changes {
		change(&cfg)
	}
	w.service, err = barong.New(cfg)
	w.must(err)
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.verifier.Run(ctx) })
	server := httptest.NewServer(w.service.Handler())
	w.client, w.url = server.Client(), server.URL
	tb.Cleanup(func() {
		server.Close()
		cancel()
		running.Wait()
	})
	return w
}

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// code returns the current TOTP code.
func (w *world) code(user barong.User) string {
	w.tb.Helper()
	code, ok := w.service.Code(user.Email)
	if !ok {
		w.tb.Fatalf("got no code of %s", user.Email)
	}
	return code
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request. headers are alternating names and values.
func (w *world) do(method, path, body string, headers ...string) reply {
	w.tb.Helper()
	r, err := http.NewRequestWithContext(w.tb.Context(), method, w.url+path, strings.NewReader(body))
	w.must(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.client.Do(r)
	w.must(err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	w.must(err)
	return reply{res.StatusCode, res.Header, strings.TrimSpace(string(text))}
}

// want requires this response.
func (w *world) want(got reply, status int, body string) {
	w.tb.Helper()
	if got.status != status || got.body != body {
		w.tb.Errorf("got %d %s, want %d %s", got.status, got.body, status, body)
	}
}

// read decodes the JSON of a response, which must have that status.
func read[T any](w *world, got reply, status int) T {
	w.tb.Helper()
	var v T
	if err := json.Unmarshal([]byte(got.body), &v); err != nil || got.status != status {
		w.tb.Fatalf("got %d %s, error %v, want %d", got.status, got.body, err, status)
	}
	return v
}

// session1 signs a user in as 1.8 does and returns the Authorization header.
func (w *world) session1(user barong.User) string {
	w.tb.Helper()
	body := toJSON(w.tb, map[string]string{
		"email": user.Email, "password": user.Password, "application_id": "x", "otp_code": w.code(user),
	})
	return "Bearer " + read[string](w, w.do("POST", "/api/v1/sessions", body), 201)
}

// session2 signs a user in as 2.x does and returns the cookie and the CSRF token.
func (w *world) session2(user barong.User) (cookie, csrf string) {
	w.tb.Helper()
	body := toJSON(w.tb, map[string]string{"email": user.Email, "password": user.Password, "otp_code": w.code(user)})
	got := w.do("POST", "/api/v2/barong/identity/sessions", body)
	cookie, _, _ = strings.Cut(got.header.Get("Set-Cookie"), ";")
	return cookie, read[map[string]any](w, got, 200)["csrf_token"].(string)
}

// apiKey creates an API key of 2.x.
func (w *world) apiKey(user barong.User) (kid, secret string) {
	w.tb.Helper()
	cookie, csrf := w.session2(user)
	body := toJSON(w.tb, map[string]string{"algorithm": "HS256", "totp_code": w.code(user)})
	got := read[struct {
		KID    string
		Secret struct{ Data struct{ Value string } }
	}](w, w.do("POST", "/api/v2/barong/resource/api_keys", body, "Cookie", cookie, "X-CSRF-Token", csrf), 201)
	return got.KID, got.Secret.Data.Value
}

// triple returns the headers of a request with an API key, at an offset from now.
func (w *world) triple(kid, secret string, offset time.Duration) []string {
	nonce := strconv.FormatInt(w.clock().Add(offset).UnixMilli(), 10)
	return []string{"X-Auth-Apikey", kid, "X-Auth-Nonce", nonce, "X-Auth-Signature", barong.Sign(secret, nonce, kid)}
}

// claimsOf decodes the claims of a token without verifying it.
func claimsOf(tb testing.TB, token string) map[string]any {
	tb.Helper()
	var claims map[string]any
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[len(parts)/2])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		tb.Fatalf("token %q: %v", token, err)
	}
	return claims
}

func toJSON(tb testing.TB, v any) string {
	tb.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// authenticate returns the user of a request.
func (w *world) authenticate(method, path string, headers ...string) (event.UID, *httptest.ResponseRecorder) {
	w.tb.Helper()
	r := httptest.NewRequestWithContext(w.tb.Context(), method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	uid, refusal := w.service.Authenticate(r)
	if refusal == nil {
		return uid, nil
	}
	answer := httptest.NewRecorder()
	refusal.Write(answer)
	return uid, answer
}
