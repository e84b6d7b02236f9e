package sandbox_test

import (
	"context"
	"crypto"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/sandbox"
	"ranger/internal/tools/sandbox/exchange"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice event.UID = "ID5A11CE0001"
	bob   event.UID = "IDB0B0000002"
)

// quiet is a logger that discards everything.
var quiet = slog.New(slog.DiscardHandler)

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// toy is a sandbox with a client.
type toy struct {
	*sandbox.Sandbox

	tb     testing.TB
	url    string
	client *http.Client
	signer *auth.Signer
}

// signer generates one key pair for all tests, because that is slow.
var signer = sync.OnceValues(func() (*auth.Signer, error) {
	private, _, err := auth.GenerateKey("RS256")
	if err != nil {
		return nil, err
	}
	return auth.NewSigner("RS256", string(private))
})

// newToy serves a sandbox until the test ends, without running it.
func newToy(tb testing.TB, cfg sandbox.Config) *toy {
	tb.Helper()
	s, err := signer()
	check(tb, err)
	verifier, err := auth.New(auth.Config{Keys: []crypto.PublicKey{s.PublicKey()}, Audience: []string{"peatio"}})
	check(tb, err)
	cfg.Signer, cfg.Verifier, cfg.Log = s, verifier, quiet
	box, err := sandbox.New(cfg)
	check(tb, err)
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = verifier.Run(ctx) })
	server := httptest.NewServer(box)
	t := &toy{Sandbox: box, tb: tb, url: server.URL, client: server.Client(), signer: s}
	t.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	tb.Cleanup(func() {
		server.Close()
		cancel()
		running.Wait()
	})
	return t
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request. headers are alternating names and values.
func (t *toy) do(method, path, body string, headers ...string) reply {
	t.tb.Helper()
	r, err := http.NewRequestWithContext(t.tb.Context(), method, t.url+path, strings.NewReader(body))
	check(t.tb, err)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := t.client.Do(r)
	check(t.tb, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	check(t.tb, err)
	return reply{res.StatusCode, res.Header, string(text)}
}

// order places an order of Alice that matches nothing.
func (t *toy) order() {
	t.tb.Helper()
	token, err := t.signer.Sign(auth.Claims{UID: alice, Audience: []string{"peatio"}})
	check(t.tb, err)
	got := t.do("POST", "/api/v2/orders", `{"market":"btcusd","side":"buy","volume":"0.01","price":"20"}`,
		"Authorization", "Bearer "+token, "Content-Type", "application/json")
	if got.status != http.StatusCreated {
		t.tb.Fatalf("place an order: got %d %s", got.status, got.body)
	}
}

// deliveries returns the events of so many rounds of the bots.
func deliveries(tb testing.TB, seed uint64, rounds int) []event.Delivery {
	tb.Helper()
	x := sandbox.NewExchange()
	b := sandbox.NewBots(x, seed)
	for range rounds {
		b.Wander(0)
		b.Quote(0)
		b.Take(0)
	}
	var all []event.Delivery
	for last := place(tb, x); ; {
		change, err := x.Next(tb.Context())
		check(tb, err)
		if change.Order != nil && change.Order.ID == last {
			return all
		}
		all = append(all, change.Delivery())
	}
}

// place places an order of Alice and returns its id.
func place(tb testing.TB, x *exchange.Exchange) uint64 {
	tb.Helper()
	o, err := x.Place(alice, exchange.Request{Market: "ethusd", Side: exchange.Buy, Volume: "0.01", Price: "1"})
	check(tb, err)
	return o.ID
}

// golden returns a file of testdata.
func golden(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	check(tb, err)
	return string(text)
}
