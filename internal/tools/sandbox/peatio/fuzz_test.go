package peatio_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"ranger/internal/tools/sandbox/exchange"
	"ranger/internal/tools/sandbox/params"
)

// FuzzRequests sends any query and any body to every endpoint. The response
// is JSON and not a server error, no money is created or lost, and an
// order has exactly the requested volume.
func FuzzRequests(f *testing.F) {
	all := endpoints()
	for i, e := range all {
		f.Add(uint8(i), "", asJSON, e.body())
		for field, values := range e.fields {
			for _, value := range values {
				f.Add(uint8(i), "market=btcusd", asJSON, object(map[string]string{field: value}))
			}
		}
		f.Add(uint8(i), "market=btcusd&limit=1&page=1&id=1", "", "")
		f.Add(uint8(i), "", asForm, "market=btcusd&side=sell&volume=0.10&price=5&id=1&currency=btc")
		f.Add(uint8(i), "market=btcusd&side=sell&volume=1&ord_type=market", "", "")
	}
	f.Fuzz(func(t *testing.T, which uint8, query, contentType, body string) {
		e := all[int(which)%len(all)]
		w := newWorld(t, 0)
		w.place(t, bob, exchange.Buy, "0.5", "2014")
		w.place(t, alice, exchange.Buy, "0.5", "2013")
		request := func() *http.Request {
			r := httptest.NewRequestWithContext(t.Context(), e.method, e.path, strings.NewReader(body))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("X-User", string(alice))
			return r
		}
		given, unread := params.Read(request())
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, request())
		switch {
		case !json.Valid(answer.Body.Bytes()):
			t.Errorf("got %d %q, want JSON", answer.Code, answer.Body)
		case answer.Code >= 500:
			t.Errorf("got %d %s", answer.Code, answer.Body)
		case answer.Code >= 400:
			errorOf(t, e.path, answer)
		case unread != nil:
			t.Errorf("got %d %s for an unreadable request: %v", answer.Code, answer.Body, unread)
		case e.method == "POST" && strings.HasSuffix(e.path, "/orders"):
			sameVolume(t, given["volume"].Text, answer.Body.Bytes())
		}
		conserved(t, w)
	})
}

// sameVolume requires that the order in the response has this volume.
func sameVolume(t *testing.T, want string, answer []byte) {
	t.Helper()
	var placed struct {
		Volume       string
		OriginVolume string `json:"origin_volume"`
	}
	if err := json.Unmarshal(answer, &placed); err != nil {
		t.Fatal(err)
	}
	got := decimal.RequireFromString(placed.Volume + placed.OriginVolume)
	if !got.Equal(decimal.RequireFromString(want)) {
		t.Errorf("got an order for %s, want %s", want, got)
	}
}

// conserved requires that alice and bob together have their deposits.
func conserved(t *testing.T, w world) {
	t.Helper()
	has := slices.Concat(w.exchange.Balances(alice), w.exchange.Balances(bob))
	for currency, want := range map[exchange.Currency]int64{"btc": 20, "usd": 200_000, "eth": 0} {
		got := decimal.Zero
		for _, b := range has {
			if b.Currency == currency {
				got = got.Add(b.Available).Add(b.Locked)
			}
			if b.Available.IsNegative() || b.Locked.IsNegative() {
				t.Errorf("got a negative balance: %+v", b)
			}
		}
		if !got.Equal(decimal.NewFromInt(want)) {
			t.Errorf("got %s %s in total, want %d", got, currency, want)
		}
	}
}
