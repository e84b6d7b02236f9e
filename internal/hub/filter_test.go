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

// events of every kind, with the markets that they are of.
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

// Filters in all combinations, live and in a replay, with and without resume:
// prev and the heartbeat's last are of what is sent.
func TestFilters(t *testing.T) {
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
	first := s.nobody()
	live := s.ask(asking("alice", `"resume":true`+keys), following(first))
	seed := s.ask(asking("alice", `"resume":null`+keys), authenticated)
	prev, last := none, first
	var replay []string
	for _, e := range filterEvents {
		key := strings.Split(e.text, `"`)[1]
		last = s.tell("alice", e.text)
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
	if len(replay) > 1 { // the first event of a session has its prev from the log
		p := s.position(replay[len(replay)-2])
		s.ask(asking("alice", `"resume":"`+p.String()+`"`+keys), resumed, replay[len(replay)-1], beat(last, prev))
	}
	live.wantBeat(last, prev)
	s.wantDelivered(4*len(replay) + min(1, len(replay)/2))
}

// position reads the position of a message as it was sent.
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

// wantDelivered compares how many events were counted.
func (s *server) wantDelivered(want int) {
	s.tb.Helper()
	pass(0)
	if got, _, _ := s.metrics.read(); got != want {
		s.tb.Errorf("%d events delivered, want %d", got, want)
	}
}

// Where nothing passes for longer than lookBack reads at once, prev is found all
// the same.
func TestPrevFarBack(t *testing.T) {
	bubble(t, quiet, func(_ *testing.T, s *server) {
		s.offset = 3
		s.tell("alice", `{"orderbook":{}}`)
		for i := range 900 {
			s.tell("alice", trade(i))
		}
		p := s.nobody()
		c := s.ask(asking("alice", `"resume":true,"events":"orderbook"`), following(p))
		q := s.tell("alice", `{"orderbook":{}}`)
		c.want(with(`{"orderbook":{}}`, q, 3))
	})
}

// Filters of 100 markets of 64 bytes are taken, larger ones refused, and the log
// says why, without a word of the client's.
func TestFilterBounds(t *testing.T) {
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
						t.Errorf("the log says:\n%s", got)
					}
					return
				}
				refuse := func(f func()) {
					pass(time.Second) // a line a second
					before := len(s.log.String())
					f()
					if got := s.log.String()[before:]; !strings.Contains(got, `msg="subscription options refused" error=`+c.log+" peer=192.0.2.7:4711 ") {
						t.Errorf("the log does not say why:\n%s", got)
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
