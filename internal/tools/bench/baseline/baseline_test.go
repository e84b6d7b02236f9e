package main_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/testenv"
	baseline "ranger/internal/tools/bench/baseline"
)

// asServer makes a test process run the server.
const asServer = "BASELINE_TEST_SERVER"

// TestMain runs the tests, or the server that they start: the test program contains it,
// with the race detector if the tests have it.
func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	baseline.Main()
}

// body is a trade between a seller and a buyer.
const body = `{"id":2435,"price":"3500.0","volume":"0.0331","funds":"115.85","market_id":"btcusd","created_at":"2018-08-20T14:47:19Z","ask_id":3247,"bid_id":3248,"ask_member_id":11,"bid_member_id":12,` +
	`"ask":{"id":3247,"side":"sell","price":"0.10","state":"done","member_uid":"IDSELLER00001"},` +
	`"bid":{"member_id":12,"id":3248,"side":"buy","price":"3500.0","state":"wait","member_uid":"IDBUYER000001","trades":[]}}`

// Each socket receives its user's events and no others, with the same bytes as ranger
// sends.
func TestBaseline_SendsUsersOnlyTheirEvents(t *testing.T) {
	broker := testenv.RabbitMQ(t)
	for _, source := range []string{"stream", "queue", "durable"} {
		t.Run(source, func(t *testing.T) { testDeliver(t, broker, source) })
	}
}

func testDeliver(t *testing.T, broker, source string) {
	private, public, err := auth.GenerateKey("RS256")
	check(t, err)
	signer, err := auth.NewSigner("RS256", string(private))
	check(t, err)
	name := "baseline." + rand.Text()[:8]
	ch := channel(t, broker, name)
	url := start(t, broker, source, name, string(public))

	sockets := make(map[event.UID][]*websocket.Conn)
	for _, uid := range []event.UID{"IDSELLER00001", "IDBUYER000001", "IDBUYER000001", "IDOTHER000001"} {
		token, err := signer.Sign(auth.Claims{UID: uid})
		check(t, err)
		sockets[uid] = append(sockets[uid], open(t, url, token))
	}

	want := make(map[event.UID][]string)
	publish := func(kind event.Kind, headers amqp091.Table, body string) {
		exchange := map[event.Kind]string{event.Order: name + ".orderbook", event.Trade: name + ".trade"}[kind]
		check(t, ch.PublishWithContext(t.Context(), exchange, "", false, false, amqp091.Publishing{Headers: headers, Body: []byte(body)}))
		for _, e := range event.Decode(event.Delivery{Kind: kind, Headers: headers, Body: []byte(body)}, 1<<20, nil).Events {
			want[e.UID] = append(want[e.UID], string(e.Message))
		}
	}
	publish(event.Trade, amqp091.Table{"ask_member_uid": "IDSELLER00001", "bid_member_uid": "IDBUYER000001"}, body)
	publish(event.Order, amqp091.Table{}, `{"id":1,"action":"add"}`)
	for _, uid := range []string{"IDSELLER00001", "IDBUYER000001", "IDOTHER000001"} { // the last event of each user
		publish(event.Order, amqp091.Table{"member_uid": uid}, fmt.Sprintf(`{"id":3249,"price":0.10,"uid":%q}`, uid))
	}
	for uid, open := range sockets {
		for _, ws := range open {
			for _, want := range want[uid] {
				if got := read(t, ws); got != want {
					t.Errorf("%s: got\n%s, want\n%s", uid, got, want)
				}
			}
		}
	}

	if _, res, err := dialer.DialContext(t.Context(), url, http.Header{"Authorization": {"Bearer a.b.c"}}); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("invalid token: got %v, %v, want status 401", res, err)
	}
}

// channel returns a channel. It removes the exchanges, stream and queue of that name
// when the test ends.
func channel(t *testing.T, broker, name string) *amqp091.Channel {
	conn, err := amqp091.Dial(broker)
	check(t, err)
	ch, err := conn.Channel()
	check(t, err)
	t.Cleanup(func() {
		for _, name := range []string{name, name + ".baseline"} {
			_, err := ch.QueueDelete(name, false, false, false) // no error if there is none
			check(t, err)
		}
		check(t, ch.ExchangeDelete(name+".orderbook", false, false))
		check(t, ch.ExchangeDelete(name+".trade", false, false))
		check(t, conn.Close())
	})
	return ch
}

// start starts a server and returns its URL. It stops the server with SIGTERM when the
// test ends.
func start(t *testing.T, broker, source, name, key string) string {
	program, err := os.Executable()
	check(t, err)
	cmd := testenv.Command(context.WithoutCancel(t.Context()), program, "-source", source)
	cmd.Env = []string{
		asServer + "=1", "GORACE=atexit_sleep_ms=0", // without this the end takes a second
		"RABBITMQ_URL=" + broker, "AMQP_STREAM=" + name,
		"AMQP_TRADE_EXCHANGE=" + name + ".trade", "AMQP_ORDERBOOK_EXCHANGE=" + name + ".orderbook",
		"JWT_PUBLIC_KEY=" + key, "WEBSOCKET_PORT=0",
	}
	stderr, err := cmd.StderrPipe()
	check(t, err)
	check(t, cmd.Start())
	stuck := time.AfterFunc(testenv.Patience, func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	t.Cleanup(func() {
		check(t, cmd.Process.Signal(syscall.SIGTERM))
		for lines.Scan() {
			t.Errorf("log: %s", lines.Text())
		}
		check(t, cmd.Wait())
		stuck.Stop()
	})
	url := ""
	for lines.Scan() {
		var line struct{ Msg, URL string }
		check(t, json.Unmarshal(lines.Bytes(), &line))
		if line.URL != "" {
			url = line.URL
		}
		if line.Msg == "caught up" {
			return url
		}
	}
	t.Fatal("the server has not started")
	return ""
}

// dialer opens sockets. Its default timeout is 45 s.
var dialer = websocket.Dialer{HandshakeTimeout: testenv.Patience}

// open returns an authenticated socket.
func open(t *testing.T, url, token string) *websocket.Conn {
	ws, _, err := dialer.DialContext(t.Context(), url, http.Header{"Authorization": {"Bearer " + token}})
	check(t, err)
	t.Cleanup(func() { check(t, ws.Close()) })
	if got := read(t, ws); !strings.HasPrefix(got, `{"challenge":"`) || len(got) != 70 {
		t.Errorf("got first message %s, want a challenge of 40 bytes", got)
	}
	if got, want := read(t, ws), `{"success":{"message":"Authenticated."}}`; got != want {
		t.Errorf("got second message %s, want %s", got, want)
	}
	return ws
}

func read(t *testing.T, ws *websocket.Conn) string {
	check(t, ws.SetReadDeadline(time.Now().Add(testenv.Patience)))
	_, text, err := ws.ReadMessage()
	check(t, err)
	return string(text)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
