package main

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/bench"
)

// Sources of events, as servers are told them.
const (
	fromStream = "stream"
	fromQueue  = "queue"
	fromKept   = "durable" // bare's, a queue such as ranger's
)

// place is what one server, or some nodes, have for themselves at the broker.
type place struct {
	url       string
	source    string
	stream    string
	exchanges amqp.Exchanges
}

func newPlace(url, source string) place {
	name := "bench." + strings.ToLower(rand.Text()[:10])
	return place{
		url: url, source: source, stream: name,
		exchanges: amqp.Exchanges{Orders: name + ".orderbook", Trades: name + ".trade"},
	}
}

// node is the name of the only node, or of the first.
const node = "bench1"

// environment is all that a server is told. Both take it.
func (p place) environment(key tokens, node string) []string {
	return []string{
		"RABBITMQ_URL=" + p.url,
		"AMQP_SOURCE=" + p.source,
		"AMQP_STREAM=" + p.stream,
		"AMQP_ORDERBOOK_EXCHANGE=" + p.exchanges.Orders,
		"AMQP_TRADE_EXCHANGE=" + p.exchanges.Trades,
		"NODE_NAME=" + node,
		"WEBSOCKET_HOST=127.0.0.1",
		"WEBSOCKET_PORT=0",
		"OPS_ADDR=127.0.0.1:0",
		"DRAIN_PERIOD=0s",
		"LOG_FORMAT=json",
		"JWT_ALGORITHM=" + key.algorithm,
		"JWT_PUBLIC_KEY=" + key.public,
	}
}

// connect opens a publisher's connection.
func (p place) connect(ctx context.Context) (bench.Publisher, error) {
	return amqp.NewBulkPublisher(ctx, p.url, p.exchanges)
}

// remove leaves nothing at the broker, also after the end of ctx.
func (p place) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	stream := p.stream
	if p.source != fromStream {
		stream += "." + node // so is a node's own queue called, by either
	}
	return amqp.Remove(ctx, amqp.Config{URL: p.url, Exchanges: p.exchanges, Stream: stream})
}

// tokens signs for one algorithm.
type tokens struct {
	algorithm string
	public    string // PEM
	signer    *auth.Signer
}

func newTokens(algorithm string) (tokens, error) {
	private, public, err := auth.GenerateKey(algorithm)
	if err != nil {
		return tokens{}, err
	}
	signer, err := auth.NewSigner(algorithm, string(private))
	return tokens{algorithm: algorithm, public: string(public), signer: signer}, err
}

// sign returns a good token.
func (t tokens) sign(uid event.UID) (string, error) {
	return t.signer.Sign(auth.Claims{UID: uid, Lifetime: time.Hour})
}
