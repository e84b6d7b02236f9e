package main

import (
	"crypto"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/redis"
)

// sandboxFlags are those of `ranger sandbox`, as raw text.
type sandboxFlags struct {
	Host        string `default:"127.0.0.1" help:"The address to listen on."`
	Port        string `default:"8080" help:"And the port. 0: one that the system chooses."`
	AllowRemote bool   `help:"Let --host be an address that other machines reach. Everybody knows its passwords."`

	Rate          string `default:"2" help:"How often a second the bots trade, from 0.01 to 1000."`
	Quiet         bool   `help:"No bots: nothing happens but what you do."`
	TokenLifetime string `default:"4h" help:"How long a session token is good."`

	RabbitmqURL string `name:"rabbitmq-url" placeholder:"URL" help:"Publish to this RabbitMQ as Peatio does, and read from there: amqp://user:password@host:5672/vhost."`
	RedisURL    string `name:"redis-url" placeholder:"URL" help:"Publish with member ids in the place of uids, and have this Redis say whose they are: redis://user:password@host:6379/0."`

	AmqpStream            string `env:"AMQP_STREAM" default:"ranger" help:"With --rabbitmq-url: the stream that is read."`
	AmqpOrderbookExchange string `env:"AMQP_ORDERBOOK_EXCHANGE" default:"peatio.orderbook" help:"With --rabbitmq-url: the exchange that Orders go to."`
	AmqpTradeExchange     string `env:"AMQP_TRADE_EXCHANGE" default:"peatio.trade" help:"With --rabbitmq-url: the exchange that Trades go to."`
	MemberDirectory       string `env:"MEMBER_DIRECTORY" default:"ranger:members" help:"With --redis-url: the hash that turns member ids into uids."`

	KeyFile  string `placeholder:"PATH" help:"File with the private RSA key that signs session tokens: PEM, or Base64 of PEM. Else JWT_PRIVATE_KEY of the environment or .env, else a new one at each start."`
	LogLevel string `default:"warn" help:"debug, info, warn or error."`
}

// sandboxSettings are the checked and typed form of sandboxFlags.
type sandboxSettings struct {
	listen    string
	rate      float64
	tokenLife time.Duration
	rabbitmq  bool
	broker    amqp.Config
	members   redis.Config
	signer    *auth.Signer
	keys      []crypto.PublicKey
	logLevel  slog.Level
}

// settings checks all values together.
func (f *sandboxFlags) settings() (*sandboxSettings, error) {
	c := new(checker)
	s := &sandboxSettings{
		listen:    net.JoinHostPort(f.host(c), itoa(c.number("--port", f.Port, 0, 65535))),
		tokenLife: c.duration("--token-lifetime", f.TokenLifetime, time.Second),
		rabbitmq:  f.RabbitmqURL != "",
		members:   f.directory(c),
	}
	if rate, err := strconv.ParseFloat(f.Rate, 64); err != nil || !(rate >= 0.01 && rate <= 1000) {
		c.fail("--rate", "%q: must be a number from 0.01 to 1000; for no bots there is --quiet", f.Rate)
	} else if !f.Quiet {
		s.rate = rate
	}
	c.oneOf("--log-level", f.LogLevel, "debug", "info", "warn", "error")
	_ = s.logLevel.UnmarshalText([]byte(f.LogLevel)) // just checked
	s.broker = f.broker(c)
	f.sign(c, s)
	return s, c.err()
}

// host returns the address to listen on.
func (f *sandboxFlags) host(c *checker) string {
	before := len(c.problems)
	host := c.host("--host", f.Host)
	if len(c.problems) == before && !f.AllowRemote && !loopback(host) {
		c.fail("--host", "%q: other machines reach it; if they may, add --allow-remote", host)
	}
	return host
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (f *sandboxFlags) broker(c *checker) amqp.Config {
	node, err := os.Hostname()
	if err != nil {
		node = "sandbox"
	}
	if f.RabbitmqURL != "" {
		c.brokerURL("--rabbitmq-url", f.RabbitmqURL)
	}
	exchanges := brokerFlags{
		AmqpOrderbookExchange: f.AmqpOrderbookExchange, AmqpTradeExchange: f.AmqpTradeExchange, AmqpExchangeDurable: "false",
	}
	return amqp.Config{
		URL:       f.RabbitmqURL,
		Node:      node,
		Exchanges: exchanges.exchanges(c),
		Stream:    c.text("AMQP_STREAM", f.AmqpStream),
		MaxAge:    6 * time.Hour,
		MaxBytes:  1 << 30,
		MaxBody:   256 << 10,
		Prefetch:  2000,
		Window:    15 * time.Minute,
	}
}

// directory returns the member directory's configuration, without a URL where
// there is no Redis.
func (f *sandboxFlags) directory(c *checker) redis.Config {
	cfg := redis.Config{URL: f.RedisURL, Key: c.text("MEMBER_DIRECTORY", f.MemberDirectory)}
	if cfg.URL == "" {
		return cfg
	}
	if _, err := redis.NewDirectory(cfg, slog.New(slog.DiscardHandler)); err != nil {
		c.fail("--redis-url", "%s", strings.TrimPrefix(err.Error(), "REDIS_URL: "))
	}
	return cfg
}

// sign sets the keys: those given, or new ones.
func (f *sandboxFlags) sign(c *checker, s *sandboxSettings) {
	name, key := "JWT_PRIVATE_KEY", os.Getenv("JWT_PRIVATE_KEY")
	switch {
	case f.KeyFile != "":
		before := len(c.problems)
		name, key = "--key-file", c.file("--key-file", f.KeyFile)
		if len(c.problems) > before {
			return
		}
	case key == "":
		private, _, err := auth.GenerateKey("RS256")
		if err != nil {
			c.fail(name, "%v", err)
			return
		}
		key = string(private)
	}
	signer, err := auth.NewSigner("RS256", key)
	if err != nil {
		c.fail(name, "%v", err)
		return
	}
	s.signer, s.keys = signer, []crypto.PublicKey{signer.PublicKey()}
}
