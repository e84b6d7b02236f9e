package main

import (
	"cmp"
	"flag"
	"fmt"
	"net"

	"github.com/golang-jwt/jwt/v5"
)

// config is the configuration of the server.
type config struct {
	listen         string
	broker         string
	orders, trades string // exchanges
	source         string // one of the constants below
	stream         string // also the name of the durable queue
	parser         *jwt.Parser
	key            any // verifies signatures
}

// Values of AMQP_SOURCE.
const (
	fromStream  = "stream"
	fromQueue   = "queue"   // deleted with its consumer
	fromDurable = "durable" // a durable queue, read with acknowledgements
)

// configure reads the command line and the environment.
func configure(args []string, env func(string) string) (config, error) {
	flags := flag.NewFlagSet("baseline", flag.ContinueOnError)
	source := flags.String("source", cmp.Or(env("AMQP_SOURCE"), fromStream), "source of events: stream, queue or durable")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if *source != fromStream && *source != fromQueue && *source != fromDurable {
		return config{}, fmt.Errorf("-source: %q: must be stream, queue or durable", *source)
	}
	cfg := config{
		listen: net.JoinHostPort(cmp.Or(env("WEBSOCKET_HOST"), "127.0.0.1"), cmp.Or(env("WEBSOCKET_PORT"), "0")),
		broker: env("RABBITMQ_URL"),
		orders: cmp.Or(env("AMQP_ORDERBOOK_EXCHANGE"), "peatio.orderbook"),
		trades: cmp.Or(env("AMQP_TRADE_EXCHANGE"), "peatio.trade"),
		source: *source,
		stream: cmp.Or(env("AMQP_STREAM"), "ranger"),
	}
	if cfg.source == fromDurable {
		cfg.stream += "." + cmp.Or(env("NODE_NAME"), "baseline")
	}
	err := cfg.readKey(cmp.Or(env("JWT_ALGORITHM"), "RS256"), env("JWT_PUBLIC_KEY"))
	return cfg, err
}

// readKey parses the PEM public key of the service that signs the tokens.
func (c *config) readKey(algorithm, text string) (err error) {
	switch algorithm {
	case "RS256":
		c.key, err = jwt.ParseRSAPublicKeyFromPEM([]byte(text))
	case "EdDSA":
		c.key, err = jwt.ParseEdPublicKeyFromPEM([]byte(text))
	default:
		err = fmt.Errorf("%q: must be RS256 or EdDSA", algorithm)
	}
	if err != nil {
		return fmt.Errorf("JWT_ALGORITHM, JWT_PUBLIC_KEY: %w", err)
	}
	c.parser = jwt.NewParser(jwt.WithValidMethods([]string{algorithm}), jwt.WithExpirationRequired(), jwt.WithAudience("peatio"))
	return nil
}
