package main

import (
	"flag"
	"fmt"
	"net"

	"github.com/golang-jwt/jwt/v5"
)

// config is what bare is told.
type config struct {
	listen         string
	broker         string
	orders, trades string // exchanges
	source         string // one of the sources
	stream         string // also the queue that is kept
	parser         *jwt.Parser
	key            any // that checks signatures
}

// Sources of events.
const (
	fromStream = "stream"
	fromQueue  = "queue"   // goes with its consumer
	fromKept   = "durable" // a queue that is kept, on disk, and read with acknowledgements
)

// configure reads the command line and the environment.
func configure(args []string, env func(string) string) (config, error) {
	flags := flag.NewFlagSet("bare", flag.ContinueOnError)
	source := flags.String("source", or(env("AMQP_SOURCE"), fromStream), "where events are read from: stream, queue, or durable, a queue that is kept")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if *source != fromStream && *source != fromQueue && *source != fromKept {
		return config{}, fmt.Errorf("-source %q: want stream, queue or durable", *source)
	}
	cfg := config{
		listen: net.JoinHostPort(or(env("WEBSOCKET_HOST"), "127.0.0.1"), or(env("WEBSOCKET_PORT"), "0")),
		broker: env("RABBITMQ_URL"),
		orders: or(env("AMQP_ORDERBOOK_EXCHANGE"), "peatio.orderbook"),
		trades: or(env("AMQP_TRADE_EXCHANGE"), "peatio.trade"),
		source: *source,
		stream: or(env("AMQP_STREAM"), "ranger"),
	}
	if cfg.source == fromKept {
		cfg.stream += "." + or(env("NODE_NAME"), "bare")
	}
	err := cfg.readKey(or(env("JWT_ALGORITHM"), "RS256"), env("JWT_PUBLIC_KEY"))
	return cfg, err
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// readKey takes the PEM public key of who signs the tokens.
func (c *config) readKey(algorithm, text string) (err error) {
	switch algorithm {
	case "RS256":
		c.key, err = jwt.ParseRSAPublicKeyFromPEM([]byte(text))
	case "EdDSA":
		c.key, err = jwt.ParseEdPublicKeyFromPEM([]byte(text))
	default:
		err = fmt.Errorf("want RS256 or EdDSA, not %q", algorithm)
	}
	if err != nil {
		return fmt.Errorf("JWT_ALGORITHM, JWT_PUBLIC_KEY: %w", err)
	}
	c.parser = jwt.NewParser(jwt.WithValidMethods([]string{algorithm}), jwt.WithExpirationRequired(), jwt.WithAudience("peatio"))
	return nil
}
