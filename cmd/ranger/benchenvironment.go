package main

import (
	"os"
	"slices"
	"strings"

	"ranger/internal/amqp"
)

// ownServers makes servers of this program, each on names of its own at the broker.
type ownServers struct {
	algorithm, audience string
	private, public     string // keys; without a public one the private one is a secret
}

// environment returns ours, but for what makes the server one of its own.
func (o *ownServers) environment(scenario string, broker amqp.Config) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		for _, prefix := range []string{"WEBSOCKET_", "OPS_", "LOG_", "JWT_", "RABBITMQ_", "AMQP_STREAM", "AMQP_ORDERBOOK_", "AMQP_TRADE_", "NODE_NAME", "REDIS_", "MEMBER_"} {
			if strings.HasPrefix(pair, prefix) {
				return true
			}
		}
		return false
	})
	defaults := []string{"DRAIN_PERIOD=0s"}
	if scenario == "burst" {
		defaults = append(defaults, "HISTORY_SIZE=20000", "HISTORY_MEMORY=512MiB")
	}
	for _, pair := range defaults {
		if name, _, _ := strings.Cut(pair, "="); os.Getenv(name) == "" {
			env = append(env, pair)
		}
	}
	if o.public == "" {
		env = append(env, "JWT_SECRET="+o.private)
	} else {
		env = append(env, "JWT_PUBLIC_KEY="+o.public)
	}
	return append(env,
		"JWT_ALGORITHM="+o.algorithm, "JWT_AUDIENCE="+o.audience, "RABBITMQ_URL="+broker.URL, "NODE_NAME="+broker.Node,
		"AMQP_STREAM="+broker.Stream, "AMQP_ORDERBOOK_EXCHANGE="+broker.Exchanges.Orders, "AMQP_TRADE_EXCHANGE="+broker.Exchanges.Trades,
		"WEBSOCKET_HOST=127.0.0.1", "WEBSOCKET_PORT=0", "OPS_ADDR=off", "LOG_FORMAT=json", "LOG_LEVEL=info")
}
