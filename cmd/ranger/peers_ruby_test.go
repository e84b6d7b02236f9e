package main_test

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// ruby is Debian's Ruby, which has the libraries of Debian's packages.
const ruby = "/usr/bin/ruby"

// bunny is a publisher in Ruby that publishes as Peatio 1.8 does.
type bunny struct{ *peer }

// bunny starts a publisher and returns when it has declared both exchanges.
func (w *world) bunny() bunny {
	w.t.Helper()
	uri, err := amqp091.ParseURI(w.url)
	check(w.t, err)
	b := bunny{startPeer(w.t, []string{
		"RABBITMQ_HOST=" + uri.Host,
		fmt.Sprintf("RABBITMQ_PORT=%d", uri.Port),
		"RABBITMQ_USER=" + uri.Username,
		"RABBITMQ_PASSWORD=" + uri.Password,
		"RABBITMQ_VHOST=" + uri.Vhost,
		"ORDERBOOK_EXCHANGE=" + w.orders,
		"TRADE_EXCHANGE=" + w.trades,
	}, ruby, peers+"publisher.rb")}
	b.expect("declared")
	return b
}

// headers are the headers of a message: strings, and integers, which Bunny sends as 64 bits.
type headers map[string]any

// order publishes an order-book message.
func (b bunny) order(h headers, payload string) {
	b.t.Helper()
	b.publish("orderbook", payload, map[string]any{"headers": h})
}

// trade publishes a trade.
func (b bunny) trade(h headers, payload string) {
	b.t.Helper()
	b.publish("trade", payload, map[string]any{"headers": h})
}

func (b bunny) publish(exchange, payload string, attrs map[string]any) {
	b.t.Helper()
	line, err := json.Marshal(map[string]any{"exchange": exchange, "payload": json.RawMessage(payload), "attrs": attrs})
	check(b.t, err)
	b.write(string(line))
}

// leave ends the publisher, which must not have had an error.
func (b bunny) leave() {
	b.t.Helper()
	check(b.t, b.stdin.Close())
	b.expectEnd()
}

// The publisher is Ruby's bunny, which declares and publishes as Peatio 1.8 does.
func TestRubyPublisher_DeclaresBeforeOrAfterRanger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		rubyFirst bool
		durable   string // AMQP_EXCHANGE_DURABLE of ranger
		declared  int    // number of exchanges that ranger declares
	}{
		{"ranger declares", false, "false", 2},
		{"the publisher declares", true, "true", 0}, // existing exchanges are used unchanged
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var b bunny
			if c.rubyFirst {
				b = w.bunny()
			}
			p := w.serve("AMQP_EXCHANGE_DURABLE=" + c.durable)
			if !c.rubyFirst {
				b = w.bunny()
			}
			if got := strings.Count(strings.Join(p.log(), "\n"), "exchange was missing; declared it"); got != c.declared {
				t.Errorf("got %d exchanges declared by ranger, want %d", got, c.declared)
			}
			testPublisher(w, p, b)
		})
	}
}

// testPublisher publishes messages with and without recipients, and reads the sockets of the
// recipients.
func testPublisher(w *world, p *process, b bunny) {
	const both = alice
	sellers, buyers, boths, thirds := w.login(p, seller), w.login(p, buyer), w.login(p, both), w.login(p, third)
	trade := fixture(w.t, "trade.json")

	b.trade(headers{"market": "btcusd", "ask_member_uid": seller, "bid_member_uid": buyer}, trade)
	sellers.expect(fixture(w.t, "trade.seller.json"))
	buyers.expect(fixture(w.t, "trade.buyer.json"))
	b.trade(headers{"market": "btcusd", "ask_member_uid": both, "bid_member_uid": both}, trade)
	boths.expect(fixture(w.t, "trade.both.json"))
	b.trade(headers{"market": "btcusd", "ask_member_uid": seller, "bid_member_id": 12}, trade) // one side is known
	sellers.expect(fixture(w.t, "trade.seller.json"))

	// An owner in the headers, and one in the body, which is not sent to the owner.
	b.order(headers{"member_uid": buyer}, orderBody(1))
	buyers.expect(`{"orderbook":` + orderBody(1) + `}`)
	b.order(nil, `{"member_uid":"`+string(seller)+`","member_id":11,`+orderBody(2)[1:])
	sellers.expect(`{"orderbook":` + orderBody(2) + `}`)

	// Without recipients: what unmodified Peatio 1.8 publishes, and an unknown member id.
	broadcast := map[string]any{"persistent": false, "routing_key": "peatio.orderbook.slave"}
	b.publish("orderbook", `{"action":"new","market":"btcusd","side":"ask","locale":"en"}`, broadcast)
	b.publish("orderbook", `{"action":"add","order":{"id":3252,"timestamp":1402898864,"type":"ask","volume":"1.0","price":"3500.0","market":"btcusd","ord_type":"limit"},"locale":"en"}`, broadcast)
	b.trade(headers{"market": "btcusd", "ask_member_id": 11, "bid_member_id": 12}, `{"id":2435,"price":"3500.0","volume":"0.0331","ask_id":3247,"bid_id":3248,"trend":"up","market_id":"btcusd","ask_member_id":11,"bid_member_id":12,"funds":"115.85","created_at":"2018-05-07T04:12:28.123+02:00","updated_at":"2018-05-07T04:12:28.123+02:00"}`)
	b.order(headers{"member_id": 11}, orderBody(3))

	// The next event of each user is published after all others.
	for i, s := range []struct {
		socket *socket
		uid    event.UID
	}{{thirds, third}, {sellers, seller}, {buyers, buyer}, {boths, both}} {
		b.order(headers{"member_uid": s.uid}, orderBody(90+i))
		s.socket.expect(`{"orderbook":` + orderBody(90+i) + `}`)
	}
	b.leave()
	for series, want := range map[string]float64{
		`ranger_events_total{kind="trade"}`:                 4,
		`ranger_events_total{kind="orderbook"}`:             6,
		`ranger_undelivered_total{reason="broadcast"}`:      2,
		`ranger_undelivered_total{reason="unknown_member"}`: 4,
		`ranger_undelivered_total{reason="no_owner"}`:       0,
	} {
		if got := p.metric(series); got != want {
			w.t.Errorf("%s: got %v, want %v", series, got, want)
		}
	}
}

// The client is that of the upstream document, unchanged.
func TestRubySeedClient_ReceivesItsEvents(t *testing.T) {
	t.Parallel()
	const uid event.UID = "test@gmail.com" // the user of the script
	w := newWorld(t)
	p := w.serve()
	ws, err := url.Parse(p.ws)
	check(t, err)
	script := filepath.Join(t.TempDir(), "client.rb")
	check(t, os.WriteFile(script, []byte(seedClient(t)), 0o600))
	client := startPeer(t, []string{
		"JWT_PRIVATE_KEY=" + w.privatePEM,
		"JWT_ALGORITHM=RS256",
		"WS_HOST=" + ws.Hostname(),
		"WS_PORT=" + ws.Port(),
	}, ruby, "-I", peers+"lib", "-r", "./"+peers+"prelude.rb", script)
	client.expectChallenge()
	client.expect(authenticated)
	w.order(bob, 1)
	client.expect(w.order(uid, 2), w.order(uid, 3))
	// It ends in a busy loop, so the process that started it kills it.
}

// seedClient returns the Ruby code of the document's "Client code sample".
func seedClient(t testing.TB) string {
	t.Helper()
	document, err := os.ReadFile(peers + "websocket_api.md")
	check(t, err)
	_, sample, found := strings.Cut(string(document), "\n### Client code sample\n")
	_, sample, opened := strings.Cut(sample, "\n```ruby\n")
	sample, _, closed := strings.Cut(sample, "\n```\n")
	if !found || !opened || !closed {
		t.Fatal("no client code sample in the document")
	}
	return sample + "\n"
}

// The git hash of the copy is that of Peatio's docs/api/websocket_api.md, tags 1.8.33 to
// 1.8.58.
func TestPeersDocument_IsTheUpstreamOne(t *testing.T) {
	t.Parallel()
	const upstream = "138881d2e62580f54e1a4b55e9caf0cecdbb8081"
	document, err := os.ReadFile(peers + "websocket_api.md")
	check(t, err)
	blob := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(document), document))
	if got := hex.EncodeToString(blob[:]); got != upstream {
		t.Errorf("got git hash %s of the copy, want %s", got, upstream)
	}
}
