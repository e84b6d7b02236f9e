package hub_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/hub"
	"ranger/internal/journal"
)

// badPositions are strings that are no position, though some are nearly one.
func badPositions() []string {
	return []string{
		"", " ", ".", "x", "41", "41.", ".9f3c2a11", "41.9f3c2a1", "41.9f3c2a111", "41.9F3C2A11", "41.9f3c2a1g",
		"41.0x9f3c2a", "-1.9f3c2a11", "+41.9f3c2a11", "041.9f3c2a11", "00.00000000", "4_1.9f3c2a11", "41,9f3c2a11", " 41.9f3c2a11",
		"41.9f3c2a11 ", "41 .9f3c2a11", "41.9f3c2a11.0", "41.9f3c2a11\n", "41.9f3c2a11\x00", "9007199254740992.9f3c2a11",
		"18446744073709551616.9f3c2a11", strings.Repeat("9", 400) + ".9f3c2a11", "4e1.9f3c2a11", "41.5.9f3c2a11", "٤١.9f3c2a11",
		"41.９f3c2a11", "True", "TRUE", "yes", "1", "0", "null,", "true ",
	}
}

// Every message whose terms are malformed is answered so, and nothing came of it.
func TestMalformedTerms(t *testing.T) {
	keys := []string{
		`"resume":0`, `"resume":1`, `"resume":-41.9`, `"resume":41.12345678`, `"resume":1e999`, `"resume":[]`, `"resume":[true]`, `"resume":{}`,
		`"resume":"true"`, `"resume":"false"`, `"resume":"null"`, `"resume":["41.9f3c2a11"]`, `"resume":{"position":"41.9f3c2a11"}`,
		`"resume":"\ud800"`, `"resume":true,"resume":1`,
		`"markets":[]`, `"markets":""`, `"markets":","`, `"markets":"a,"`, `"markets":",a"`, `"markets":"a,,b"`, `"markets":[""]`,
		`"markets":["a",""]`, `"markets":[null]`, `"markets":["a",1]`, `"markets":[["a"]]`, `"markets":{}`, `"markets":{"a":1}`,
		`"markets":0`, `"markets":true`, `"markets":false`,
		`"events":[]`, `"events":""`, `"events":","`, `"events":"trade,"`, `"events":["trade",null]`, `"events":["trades"]`,
		`"events":"Trade"`, `"events":" trade"`, `"events":"trade, orderbook"`, `"events":"gap"`, `"events":"heartbeat"`, `"events":["unknown"]`,
		`"events":{}`, `"events":0`, `"events":true`, `"events":false`,
		`"resume":true,"markets":1`, `"resume":1,"markets":"a","events":"trade"`,
	}
	for _, p := range badPositions() {
		keys = append(keys, `"resume":`+quote(p))
	}
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for _, key := range keys {
			c := s.dial()
			c.talk([2]string{asking("alice", key), badMessage}, [2]string{`{` + key + `,"jwt":"Bearer alice"}`, badMessage})
			// A token that is none comes first.
			c.talk([2]string{`{` + key + `}`, noBearer}, [2]string{`{"jwt":"x",` + key + `}`, noBearer})
			s.wantSockets(1, 0)
			_ = c.Close()
			pass(0)
		}
	})
}

// quote writes a JSON string.
func quote(s string) string {
	return `"` + strings.NewReplacer("\n", `\n`, "\x00", `\u0000`).Replace(s) + `"`
}

// Terms that say nothing are none: not a byte is different.
func TestTermsThatSayNothing(t *testing.T) {
	for _, keys := range []string{
		`"resume":false`, `"resume":null`, `"resume": false `, `"markets":null`, `"events":null`, `"resume":1,"resume":null`,
		`"resume":"41.9f3c2a11","resume":false`, `"Resume":true`, `"RESUME":1`, `"replay":true`, `"markets":[],"markets":null`,
		`"position":"41.9f3c2a11"`,
	} {
		bubble(t, quiet, func(_ *testing.T, s *server) {
			c := s.ask(asking("alice", keys), authenticated)
			s.gap()
			s.gapOf("alice")
			s.tell("alice", trade(1))
			c.want(trade(1))
			pass(40 * time.Second)
			c.wantSilence()
		})
	}
}

func TestQueryTerms(t *testing.T) {
	none := hub.Terms{}
	on := hub.Terms{Resume: true}
	for query, want := range map[string]*hub.Terms{
		"":                                       &none,
		"resume":                                 &none,
		"resume=":                                &none,
		"resume=false":                           &none,
		"resume=null":                            &none,
		"resume=true":                            &on,
		"x=1&resume=true&y":                      &on,
		"resume=%74rue":                          &on,
		"%72esume=true":                          &on,
		"resume=1&resume=true":                   &on,
		"resume=%zz&resume=true":                 &on,
		"resume=41.9f3c2a11":                     {Resume: true, After: "41.9f3c2a11"},
		"resume=41%2e9f3c2a11":                   {Resume: true, After: "41.9f3c2a11"},
		"resume=0.00000000":                      {Resume: true, After: "0.00000000"},
		"resume=true&resume=":                    &none,
		"Resume=true":                            &none,
		"%zz=1&=&&;=%":                           &none,
		"markets=btcusd,ethusd":                  {Markets: []string{"btcusd", "ethusd"}},
		"markets=b%2Ca,a":                        {Markets: []string{"a", "b"}},
		"markets=a&markets=b":                    {Markets: []string{"b"}},
		"markets=null":                           {Markets: []string{"null"}},
		"markets=a+b":                            {Markets: []string{"a b"}},
		"events=trade":                           {Events: []string{"trade"}},
		"events=trade,orderbook,trade":           {Events: []string{"orderbook", "trade"}},
		"resume=true&markets=a&events=orderbook": {Resume: true, Markets: []string{"a"}, Events: []string{"orderbook"}},

		"resume=1": nil, "resume=%zz": nil, "resume=true&resume=1": nil, "resume=true;resume=true": nil, "resume=%22true%22": nil,
		"markets": nil, "markets=": nil, "markets=,": nil, "markets=a,,b": nil, "markets=%": nil,
		"events": nil, "events=": nil, "events=null": nil, "events=gap": nil, "events=trade,": nil, "events=trade+": nil,
	} {
		got, ok := hub.QueryTerms(query)
		if ok != (want != nil) {
			t.Errorf("%q: understood: %v, want %v", query, ok, want != nil)
		} else if diff := cmp.Diff(want, &got); ok && diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	for _, p := range badPositions()[1:] {
		if got, ok := hub.QueryTerms("resume=" + url.QueryEscape(p)); ok {
			t.Errorf("%q: got %+v, want nothing", p, got)
		}
	}
}

// A header's terms are in the query: with them the first write says all.
func TestHeaderTerms(t *testing.T) {
	const header = "Authorization: Bearer alice"
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		p := s.tell("alice", trade(1))
		q := s.tell("alice", trade(2))
		s.dialAt("/?resume=true", header).want(following(q))
		s.dialAt("/x?resume="+p.String()+"&events=trade&markets=btcusd", header).
			want(resumed, with(trade(2), q, 0, replayed), beat(q, 1))
		s.dialAt("/?resume=9.00000000", header).want(notResumed(q))
		seed, orders := s.dialAt("/?resume=false", header), s.dialAt("/?events=orderbook", header)
		seed.want(authenticated)
		orders.want(authenticated)
		// The query has fixed them.
		seed.talk([2]string{asking("alice", `"resume":true`), authenticated})
		s.tell("alice", trade(3))
		s.tell("alice", `{"orderbook":{}}`)
		seed.want(trade(3), `{"orderbook":{}}`)
		orders.want(`{"orderbook":{}}`)
	})
}

// Without a header the query is not looked at.
func TestQueryWithoutHeader(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for _, query := range []string{"resume=true", "resume=1&markets=", "events=%zz"} {
			c := s.dialAt("/?" + query)
			c.talk([2]string{bearer("alice"), authenticated})
			c = s.dialAt("/?" + query)
			c.talk([2]string{asking("alice", `"resume":true`), following(journal.Position{})})
		}
	})
}

// A malformed query is refused before its token is looked at, and behind Origin
// and the form of the header.
func TestMalformedQuery(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"good token":   {[]string{"Authorization: Bearer alice"}, http.StatusBadRequest, badMessage},
		"bad token":    {[]string{"Authorization: Bearer bad"}, http.StatusBadRequest, badMessage},
		"panic":        {[]string{"Authorization: Bearer panic"}, http.StatusBadRequest, badMessage},
		"other scheme": {[]string{"Authorization: Basic x"}, http.StatusUnauthorized, noBearer},
		"origin":       {[]string{"Authorization: Bearer alice", "Origin: https://evil.test"}, http.StatusForbidden, `{"error":{"message":"Origin not allowed."}}`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				for _, query := range []string{"resume=1", "markets=", "events=x"} {
					response, body := s.request(upgradeAt("/?"+query, c.headers...)...) //nolint:bodyclose // request does
					wantResponse(t, response, c.status, map[string]string{"Content-Type": "application/json"})
					if body != c.body {
						t.Errorf("body %s, want %s", body, c.body)
					}
				}
				s.wantSockets(0, 0)
			})
		})
	}
}
