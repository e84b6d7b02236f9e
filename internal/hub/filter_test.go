package hub_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ranger/internal/journal"
)

// filterEvents are events of every kind, with their markets.
var filterEvents = []struct{ text, market string }{
	{`{"trade":{"id":1,"market_id":"btcusd"}}`, "btcusd"},
	{`{"orderbook":{"id":2,"market_id":"btcusd"}}`, "btcusd"},
	{`{"trade":{"id":3,"market":"ethusd"}}`, "ethusd"},
	{`{"orderbook":{"id":4,"market_id":"ethusd","market":"btcusd"}}`, "ethusd"},
	{`{"trade":{"id":5,"market_id":null,"market":"btcusd"}}`, "btcusd"},
	{`{"trade":{"id":6}}`, ""},
	{`{"orderbook":{"id":7,"ask":{"market_id":"btcusd"}}}`, ""},
	{`{"orderbook":{"id":8,"market_id":"\u0062tcusd"}}`, "btcusd"},
	{`{"trade":{"id":9,"market_id":12}}`, "12"},
	{`{"trade":{"id":10,"market_id":"BTCUSD"}}`, "BTCUSD"},
}

// All filters, live and in a replay, with and without opting in. prev, and last of the
// heartbeat, refer to events that were sent.
func TestFilter_AllCombinations(t *testing.T) {
	for _, markets := range []string{"", "btcusd", "ethusd,btcusd", "12", "none", "ethusd,ethusd,BTCUSD,a,z"} {
		for _, events := range []string{"", "trade", "orderbook", "orderbook,trade"} {
			t.Run(markets+"/"+events, func(t *testing.T) {
				bubble(t, quiet, func(_ *testing.T, s *server) { s.filtered(markets, events) })
			})
		}
	}
}

func (s *server) filtered(markets, events string) {
	s.tb.Helper()
	keys, query := "", ""
	if markets != "" {
		keys += fmt.Sprintf(`,"markets":["%s"]`, strings.ReplaceAll(markets, ",", `","`))
		query += "&markets=" + markets
	}
	if events != "" {
		keys += fmt.Sprintf(`,"events":"%s"`, events)
		query += "&events=" + events
	}
	first := s.skip()
	live := s.ask(asking("alice", `"resume":true`+keys), following(first))
	seed := s.ask(asking("alice", `"resume":null`+keys), authenticated)
	prev, last := none, first
	var replay []string
	for _, e := range filterEvents {
		key := strings.Split(e.text, `"`)[1]
		last = s.send("alice", e.text)
		if markets != "" && e.market != "" && !slices.Contains(strings.Split(markets, ","), e.market) ||
			events != "" && !slices.Contains(strings.Split(events, ","), key) {
			continue
		}
		live.want(with(e.text, last, prev))
		seed.want(e.text)
		replay = append(replay, with(e.text, last, prev, replayed))
		prev = int(last.Offset)
	}
	answers := append(append([]string{resumed}, replay...), beat(last, prev))
	s.ask(asking("alice", `"resume":"`+first.String()+`"`+keys), answers...)
	c := s.dialAt("/?resume="+first.String()+query, "Authorization: Bearer alice")
	c.want(answers...)
	if len(replay) > 1 { // prev of the first event of a session comes from the log
		p := s.position(replay[len(replay)-2])
		s.ask(asking("alice", `"resume":"`+p.String()+`"`+keys), resumed, replay[len(replay)-1], beat(last, prev))
	}
	live.wantBeat(last, prev)
	s.wantDelivered(4*len(replay) + min(1, len(replay)/2))
}

// position returns the position in a message.
func (s *server) position(text string) journal.Position {
	s.tb.Helper()
	_, rest, _ := strings.Cut(text, `"position":"`)
	word, _, _ := strings.Cut(rest, `"`)
	p, ok := journal.ParsePosition(word)
	if !ok {
		s.tb.Fatalf("%s has no position", text)
	}
	return p
}

// wantDelivered compares the number of events counted.
func (s *server) wantDelivered(want int) {
	s.tb.Helper()
	pass(0)
	if got, _, _ := s.metrics.read(); got != want {
		s.tb.Errorf("%d events delivered, want %d", got, want)
	}
}

// prev is found also if no event passes in many reads.
func TestFilter_PrevIsFoundFarBack(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		s.offset = 3
		s.send("alice", `{"orderbook":{}}`)
		for i := range 900 {
			s.send("alice", trade(i))
		}
		p := s.skip()
		c := s.ask(asking("alice", `"resume":true,"events":"orderbook"`), following(p))
		q := s.send("alice", `{"orderbook":{}}`)
		c.want(with(`{"orderbook":{}}`, q, 3))
	})
}

// Filters of 100 markets of 64 bytes are accepted, larger ones refused. The log has the
// reason, and nothing that the client sent.
func TestFilter_SizeIsBounded(t *testing.T) {
	longest := strings.Repeat("m", 64)
	most := longest + strings.Repeat(","+longest, 99)
	for name, c := range map[string]struct{ markets, log string }{
		"most and longest": {markets: most},
		"one more":         {most + ",b", `"markets: must be at most 100 names, got 101"`},
		"thousands":        {most + strings.Repeat(",b", 2000), `"markets: must be at most 100 names, got 2100"`},
		"one byte more":    {"b," + longest + "m", `"markets: must be names of at most 64 bytes, got 65"`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				list := `"markets":["` + strings.ReplaceAll(c.markets, ",", `","`) + `"]`
				words := `"markets":"` + c.markets + `"`
				query := "/?markets=" + c.markets
				if c.log == "" {
					s.ask(asking("alice", list), authenticated)
					s.ask(asking("alice", words), authenticated)
					s.dialAt(query, "Authorization: Bearer alice").want(authenticated)
					if got := s.log.String(); strings.Contains(got, "refused") {
						t.Errorf("the log has a refusal, want none:\n%s", got)
					}
					return
				}
				refuse := func(f func()) {
					pass(time.Second) // one line per second
					before := len(s.log.String())
					f()
					if got := s.log.String()[before:]; !strings.Contains(got, `msg="subscription options refused" error=`+c.log+" peer=192.0.2.7:4711 ") {
						t.Errorf("the log is:\n%s\nwant error=%s", got, c.log)
					}
				}
				refuse(func() { s.dial().talk([2]string{asking("alice", list), badMessage}) })
				refuse(func() { s.dial().talk([2]string{asking("alice", words), badMessage}) })
				refuse(func() {
					response, _ := s.request(upgradeAt(query, "Authorization: Bearer alice")...) //nolint:bodyclose // request does
					wantResponse(t, response, http.StatusBadRequest, nil)
				})
			})
		})
	}
}
