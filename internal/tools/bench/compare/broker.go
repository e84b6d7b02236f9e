package main

import (
	"context"
	"crypto/rand"
	"strings"

	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/tools/bench"
)

// Values of AMQP_SOURCE.
const (
	fromStream  = "stream"
	fromQueue   = "queue"
	fromDurable = "durable" // only of the baseline: a durable queue, as ranger's is
)

// brokerNames are the names at the broker of one server, or of several nodes. Each
// measurement has new ones.
type brokerNames struct {
	url       string
	source    string
	stream    string
	exchanges topology.Exchanges
}

func newBrokerNames(url, source string) brokerNames {
	name := "bench." + strings.ToLower(rand.Text()[:10])
	return brokerNames{
		url: url, source: source, stream: name,
		exchanges: topology.Exchanges{Orders: name + ".orderbook", Trades: name + ".trade"},
	}
}

// node is the NODE_NAME of the only node, or of the first.
const node = "bench1"

// environment returns the whole environment of a server. Every version of ranger and
// the baseline know these variables.
func (b brokerNames) environment(key tokens, node string) []string {
	return []string{
		"RABBITMQ_URL=" + b.url,
		"AMQP_SOURCE=" + b.source,
		"AMQP_STREAM=" + b.stream,
		"AMQP_ORDERBOOK_EXCHANGE=" + b.exchanges.Orders,
		"AMQP_TRADE_EXCHANGE=" + b.exchanges.Trades,
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
func (b brokerNames) connect(ctx context.Context) (bench.Publisher, error) {
	return publish.NewBulk(ctx, b.url, b.exchanges)
}

// remove deletes everything of these names at the broker, even if ctx is done.
func (b brokerNames) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	stream := b.stream
	if b.source != fromStream {
		stream += "." + node // the name of a node's queue
	}
	return topology.Remove(ctx, b.url, topology.Config{Exchanges: b.exchanges, Stream: stream})
}
