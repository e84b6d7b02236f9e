package main_test

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// binary is the program under test, built by TestMain.
var binary string

func TestMain(m *testing.M) {
	// Tests here mostly wait for other processes; testenv.Heavy limits those that need
	// CPU time. -parallel overrides it.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	flag.Parse()
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "ranger-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // in the temporary folder of the system
	binary = filepath.Join(dir, "ranger")
	build := exec.CommandContext(context.Background(), "go", "build", fmt.Sprintf("-race=%t", testenv.Race), "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build: %w\n%s", err, out)
	}
	defer closeBrowser()
	return m.Run(), nil
}

// world is what one test uses alone on the shared broker: two exchanges, a stream, a key
// that signs tokens, and a publisher.
type world struct {
	t              testing.TB
	url            string
	orders, trades string
	stream         string
	privatePEM     string
	publicPEM      string
	signer         *auth.Signer

	conn    *amqp091.Connection
	channel *amqp091.Channel
}

// newWorld returns a world on the broker of RABBITMQ_URL. It is deleted with the test.
func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldAt(t, testenv.RabbitMQ(t))
}

// newWorldAt returns a world on the broker at url.
func newWorldAt(t testing.TB, url string) *world {
	t.Helper()
	private, public, err := auth.GenerateKey("RS256")
	check(t, err)
	signer, err := auth.NewSigner("RS256", string(private))
	check(t, err)
	name := strings.ReplaceAll(t.Name(), "/", ".") + "." + randomText()
	w := &world{
		t: t, url: url, signer: signer,
		orders: name + ".orderbook", trades: name + ".trade", stream: name,
		privatePEM: base64.URLEncoding.EncodeToString(private),
		publicPEM:  base64.URLEncoding.EncodeToString(public),
	}
	w.connect()
	t.Cleanup(w.forget)
	return w
}

// connect opens a new connection for the publisher.
func (w *world) connect() {
	w.t.Helper()
	var err error
	w.conn, err = amqp091.Dial(w.url)
	check(w.t, err)
	w.channel, err = w.conn.Channel()
	check(w.t, err)
	check(w.t, w.channel.Confirm(false))
}

// forget deletes the stream and the exchanges.
func (w *world) forget() {
	c, err := amqp091.Dial(w.url)
	if err != nil {
		return // the test's own broker has ended
	}
	defer c.Close() //nolint:errcheck // the test is over
	if ch, err := c.Channel(); err == nil {
		_, _ = ch.QueueDelete(w.stream, false, false, false)
		_ = ch.ExchangeDelete(w.orders, false, false)
		_ = ch.ExchangeDelete(w.trades, false, false)
	}
	_ = w.conn.Close()
}

// token returns a valid token for uid.
func (w *world) token(uid event.UID) string {
	w.t.Helper()
	return w.sign(auth.Claims{UID: uid})
}

func (w *world) sign(c auth.Claims) string {
	w.t.Helper()
	token, err := w.signer.Sign(c)
	check(w.t, err)
	return token
}

// publish publishes a message to an exchange, as Peatio does, and waits for the broker's
// confirm.
func (w *world) publish(exchange string, headers amqp091.Table, body string) {
	w.t.Helper()
	w.send(exchange, headers, body)()
}

// send publishes a message and returns a function that waits for the confirm.
func (w *world) send(exchange string, headers amqp091.Table, body string) (confirmed func()) {
	w.t.Helper()
	confirm, err := w.channel.PublishWithDeferredConfirm(exchange, "", false, false, amqp091.Publishing{
		ContentType:  "application/octet-stream",
		DeliveryMode: amqp091.Persistent,
		Headers:      headers,
		Body:         []byte(body),
	})
	check(w.t, err)
	return func() {
		w.t.Helper()
		ctx, cancel := context.WithTimeout(w.t.Context(), testenv.Patience)
		defer cancel()
		ok, err := confirm.WaitContext(ctx)
		check(w.t, err)
		if !ok {
			w.t.Fatal("got a nack for a message")
		}
	}
}

// order publishes an Order with this id for uid and returns the text that the user's sockets
// must receive.
func (w *world) order(uid event.UID, id int) string {
	w.t.Helper()
	body := orderBody(id)
	w.publish(w.orders, amqp091.Table{"member_uid": string(uid)}, body)
	return `{"orderbook":` + body + `}`
}

func orderBody(id int) string {
	return fmt.Sprintf(`{"id":%d,"side":"sell","price":"0.10","state":"wait","market_id":"btcusd"}`, id)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
