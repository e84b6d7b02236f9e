package peatio_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/peatio"
)

const (
	alice event.UID = "IDALICE00001"
	bob   event.UID = "IDBOB0000001"
	// anonymous is a request without a user.
	anonymous event.UID = ""

	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"

	v18 = "/api/v2"
	v2  = "/api/v2/peatio"
)

// refusal is the fixture's refusal of a request without a user.
type refusal struct{}

func (refusal) Write(w http.ResponseWriter) {
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, `{"errors":["authz.invalid_session"]}`)
}

// world is an API with its own exchange. The header X-User is the user of a
// request.
type world struct {
	http.Handler
	exchange *exchange.Exchange
}

// newWorld returns a world in which alice and bob have 10 btc and 100,000 usd each.
// Its time is always 2018-08-20 14:47:19 UTC.
func newWorld(tb testing.TB, pending int) world {
	tb.Helper()
	now := func() time.Time { return time.Date(2018, 8, 20, 16, 47, 19, 999, time.FixedZone("", 7200)) }
	x, err := exchange.New(exchange.Config{
		Now: now, Pending: pending,
		Markets: []exchange.Market{
			{ID: "btcusd", Base: "btc", Quote: "usd", PriceDigits: 2, VolumeDigits: 4, MinVolume: decimal.RequireFromString("0.001")},
			{ID: "ethbtc", Base: "eth", Quote: "btc", PriceDigits: 6, VolumeDigits: 0},
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	for _, uid := range []event.UID{alice, bob} {
		x.Deposit(uid, "btc", decimal.NewFromInt(10))
		x.Deposit(uid, "usd", decimal.NewFromInt(100_000))
	}
	who := func(r *http.Request) (event.UID, peatio.Refusal) {
		if uid := event.UID(r.Header.Get("X-User")); uid != anonymous {
			return uid, nil
		}
		return "", refusal{}
	}
	return world{peatio.Handler(peatio.Config{Exchange: x, Authenticate: who, Now: now}), x}
}

// do sends a request. The query is a part of path; a body that begins with { is sent
// as JSON, any other as a form.
func (w world) do(tb testing.TB, uid event.UID, method, path, body string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, path, strings.NewReader(body))
	r.Header.Set("X-User", string(uid))
	r.Header.Set("Content-Type", asForm)
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", asJSON)
	}
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer
}

// want sends a request and requires a response with this status and exactly
// this JSON, except for white space at the ends of want's lines.
func (w world) want(t *testing.T, uid event.UID, method, path, body string, status int, want string) {
	t.Helper()
	answer := w.do(t, uid, method, path, body)
	if answer.Code != status {
		t.Errorf("%s %s %s: got status %d, want %d", method, path, body, answer.Code, status)
	}
	if diff := cmp.Diff(oneLine(want), answer.Body.String()); diff != "" {
		t.Errorf("%s %s %s: -want +got:\n%s", method, path, body, diff)
	}
	if got := answer.Header().Get("Content-Type"); got != asJSON {
		t.Errorf("%s %s: got Content-Type %q", method, path, got)
	}
}

// oneLine joins the trimmed lines of text.
func oneLine(text string) string {
	var joined strings.Builder
	for line := range strings.Lines(text) {
		joined.WriteString(strings.TrimSpace(line))
	}
	return joined.String()
}

// place places an order directly at the exchange.
func (w world) place(tb testing.TB, uid event.UID, side exchange.Side, volume, price string) exchange.Order {
	tb.Helper()
	o, err := w.exchange.Place(uid, exchange.Request{Market: "btcusd", Side: side, Volume: volume, Price: price})
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// errorOf returns the text of an error response: all messages, or all names. It
// requires that there is one.
func errorOf(tb testing.TB, path string, answer *httptest.ResponseRecorder) string {
	tb.Helper()
	var v18Answer struct {
		Error struct {
			Code    int
			Message string
		}
	}
	var v2Answer struct{ Errors []string }
	text := answer.Body.Bytes()
	if strings.HasPrefix(path, v2+"/") {
		if err := json.Unmarshal(text, &v2Answer); err != nil || len(v2Answer.Errors) == 0 {
			tb.Fatalf("%s: got %d %s, no error of 2.x", path, answer.Code, text)
		}
		return strings.Join(v2Answer.Errors, " ")
	}
	if err := json.Unmarshal(text, &v18Answer); err != nil || v18Answer.Error.Message == "" || v18Answer.Error.Code < 1001 {
		tb.Fatalf("%s: got %d %s, no error of 1.8", path, answer.Code, text)
	}
	return v18Answer.Error.Message
}
