package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ranger/internal/event"
)

func TestMarket_PrefersMarketID(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"market_id":                {`{"id":1,"market_id":"btcusd","x":2}`, "btcusd"},
		"market":                   {`{"market":"btcusd"}`, "btcusd"},
		"market_id wins":           {`{"market":"a","market_id":"b"}`, "b"},
		"market_id wins, first":    {`{"market_id":"b","market":"a"}`, "b"},
		"null market_id":           {`{"market_id":null,"market":"a"}`, "a"},
		"null market_id, last":     {`{"market":"a","market_id":null}`, "a"},
		"object market_id":         {`{"market_id":{"id":"b"},"market":"a"}`, "a"},
		"array market_id":          {`{"market_id":["b"],"market":"a"}`, "a"},
		"both null":                {`{"market_id":null,"market":null}`, ""},
		"neither":                  {`{"id":1}`, ""},
		"nothing":                  {`{}`, ""},
		"only deeper":              {`{"ask":{"market_id":"a"},"trades":[{"market":"b"}]}`, ""},
		"after one that is deeper": {`{"ask":{"market_id":"a"},"market":"b"}`, "b"},
		"number":                   {`{"market_id":12}`, "12"},
		"number with every digit":  {`{"market_id":1.50}`, "1.50"},
		"boolean":                  {`{"market_id":true}`, "true"},
		"escaped value":            {`{"market_id":"btc\/\u0075sd"}`, "btc/usd"},
		"escaped key":              {`{"market\u005fid":"btcusd"}`, "btcusd"},
		"quotes":                   {`{"market_id":"\""}`, `"`},
		"unpaired surrogate":       {`{"market_id":"\ud800"}`, "\ufffd"},
		"other case":               {`{"Market_id":"a","MARKET":"b"}`, ""},
		"maximum depth":            {`{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `,"market":"a"}`, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"trade", "orderbook"} {
				got, ok := event.Market([]byte(`{"` + key + `":` + c.body + `}`))
				if string(got) != c.want || ok != (c.want != "") {
					t.Errorf("%s: got %q, %v; want %q", key, got, ok, c.want)
				}
			}
		})
	}
}

func TestMarket_MayBeEmpty(t *testing.T) {
	if got, ok := event.Market([]byte(`{"trade":{"market_id":""}}`)); !ok || len(got) > 0 {
		t.Errorf("got %q, %v; want an empty market", got, ok)
	}
}

func TestMarket_InvalidMessagesHaveNone(t *testing.T) {
	for _, text := range []string{"", "event", ":", `{"trade":`, `{"trade":[]}`, `{"trade":1}`, `{"trade":{`, `{"trade":{"market_id"`, `{"trade":{"market_id":}}`, "null"} {
		if got, ok := event.Market([]byte(text)); ok {
			t.Errorf("%s: got %q, want none", text, got)
		}
	}
}

func TestMarket_AllocatesNothing(t *testing.T) {
	message := []byte(`{"trade":{"id":1,"price":"2.5","market":"a","ask":{"id":[1,{}]},"market_id":"btcusd"}}`)
	if n := testing.AllocsPerRun(100, func() { event.Market(message) }); n > 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// FuzzMarket compares Market with encoding/json for every message of Decode.
func FuzzMarket(f *testing.F) {
	for _, value := range []string{"null", "true", "0", "1.5e3", `""`, `"btcusd"`, `"\u0061"`, "[]", "{}", `{"market_id":"x"}`} {
		for _, key := range []string{"market_id", "market", `mark\u0065t`, "id"} {
			f.Add(fmt.Appendf(nil, `{"%s":%s}`, key, value))
			f.Add(fmt.Appendf(nil, `{"market":"a","%s":%s,"market_id":null}`, key, value))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		outcome := event.Decode(event.Delivery{Kind: event.Order, Headers: headers{"member_uid": "A"}, Body: body}, 1<<20, nil)
		for _, e := range outcome.Events {
			got, ok := event.Market(e.Message)
			want, wantOK := referenceMarket(t, e.Message)
			if string(got) != want || ok != wantOK {
				t.Errorf("%s: got %q, %v; want %q, %v", e.Message, got, ok, want, wantOK)
			}
		}
	})
}

func referenceMarket(t *testing.T, message []byte) (string, bool) {
	t.Helper()
	var m map[string]map[string]json.RawMessage
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"market_id", "market"} {
		raw := string(m["orderbook"][name])
		switch {
		case raw == "" || raw == "null" || raw[0] == '{' || raw[0] == '[':
			continue
		case raw[0] != '"':
			return raw, true
		}
		var text string
		if err := json.Unmarshal([]byte(raw), &text); err != nil {
			t.Fatal(err)
		}
		return text, true
	}
	return "", false
}
