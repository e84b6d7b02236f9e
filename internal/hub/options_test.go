package hub_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ranger/internal/hub/hubtest"
	"ranger/internal/journal"
)

// A message with malformed options is answered with an error and has no effect.
func TestOptions_MalformedAreRefused(t *testing.T) {
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
	for _, p := range hubtest.BadPositions() {
		keys = append(keys, `"resume":`+quote(p))
	}
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for _, key := range keys {
			c := s.dial()
			c.talk([2]string{asking("alice", key), badMessage}, [2]string{`{` + key + `,"jwt":"Bearer alice"}`, badMessage})
			// An invalid jwt is reported first.
			c.talk([2]string{`{` + key + `}`, noBearer}, [2]string{`{"jwt":"x",` + key + `}`, noBearer})
			s.wantSockets(1, 0)
			_ = c.Close()
			pass(0)
		}
	})
}

// quote returns a JSON string.
func quote(s string) string {
	return `"` + strings.NewReplacer("\n", `\n`, "\x00", `\u0000`).Replace(s) + `"`
}

// The client is sent exactly what one without options is.
func TestOptions_EmptyOnesChangeNothing(t *testing.T) {
	for _, keys := range []string{
		`"resume":false`, `"resume":null`, `"resume": false `, `"markets":null`, `"events":null`, `"resume":1,"resume":null`,
		`"resume":"41.9f3c2a11","resume":false`, `"Resume":true`, `"RESUME":1`, `"replay":true`, `"markets":[],"markets":null`,
		`"position":"41.9f3c2a11"`,
	} {
		bubble(t, quiet, func(_ *testing.T, s *server) {
			c := s.ask(asking("alice", keys), authenticated)
			s.gap()
			s.gapOf("alice")
			s.send("alice", trade(1))
			c.want(trade(1))
			pass(40 * time.Second)
			c.wantSilence()
		})
	}
}

// With a header, the options are in the query, and the first write has everything.
func TestOptions_OfTheQuery(t *testing.T) {
	const header = "Authorization: Bearer alice"
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		p := s.send("alice", trade(1))
		q := s.send("alice", trade(2))
		s.dialAt("/?resume=true", header).want(following(q))
		s.dialAt("/x?resume="+p.String()+"&events=trade&markets=btcusd", header).
			want(resumed, with(trade(2), q, 0, replayed), beat(q, 1))
		s.dialAt("/?resume=9.00000000", header).want(notResumed(q))
		seed, orders := s.dialAt("/?resume=false", header), s.dialAt("/?events=orderbook", header)
		seed.want(authenticated)
		orders.want(authenticated)
		// The query has fixed the options.
		seed.talk([2]string{asking("alice", `"resume":true`), authenticated})
		s.send("alice", trade(3))
		s.send("alice", `{"orderbook":{}}`)
		seed.want(trade(3), `{"orderbook":{}}`)
		orders.want(`{"orderbook":{}}`)
	})
}

// Without a header the query is ignored.
func TestOptions_QueryCountsOnlyWithAHeader(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		for _, query := range []string{"resume=true", "resume=1&markets=", "events=%zz"} {
			c := s.dialAt("/?" + query)
			c.talk([2]string{bearer("alice"), authenticated})
			c = s.dialAt("/?" + query)
			c.talk([2]string{asking("alice", `"resume":true`), following(journal.Position{})})
		}
	})
}

// A malformed query is refused before the token is verified, and after the checks of Origin
// and of the form of the header.
func TestOptions_MalformedQueryIsRefusedBeforeItsToken(t *testing.T) {
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
