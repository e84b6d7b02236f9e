package toolcmd

import (
	"context"
	"crypto"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"ranger/cmd/ranger/internal/cli"
	"ranger/cmd/ranger/internal/httpserver"
	"ranger/internal/amqp"
	"ranger/internal/amqp/topology"
	"ranger/internal/auth"
	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/ops"
	"ranger/internal/redis"
	"ranger/internal/tools/sandbox"
)

// Sandbox is `ranger sandbox`.
type Sandbox struct {
	Host        string `default:"127.0.0.1" help:"Address to listen on."`
	Port        string `default:"8080" help:"Port to listen on; 0: the system chooses one."`
	AllowRemote bool   `help:"Allow a --host that other machines can reach. The passwords are public."`

	Rate          string `default:"2" help:"How often the bots trade, per second, from 0.01 to 1000."`
	Quiet         bool   `help:"No bots: nothing happens except what you do."`
	TokenLifetime string `default:"4h" help:"Lifetime of session tokens."`

	RabbitmqURL string `name:"rabbitmq-url" placeholder:"URL" help:"Publish to this RabbitMQ as Peatio does, and read from it: amqp://user:password@host:5672/vhost."`
	RedisURL    string `name:"redis-url" placeholder:"URL" help:"Publish member ids instead of uids, and look them up in this Redis: redis://user:password@host:6379/0."`

	AmqpStream            string `env:"AMQP_STREAM" default:"ranger" help:"With --rabbitmq-url: stream to read."`
	AmqpOrderbookExchange string `env:"AMQP_ORDERBOOK_EXCHANGE" default:"peatio.orderbook" help:"With --rabbitmq-url: exchange of orders."`
	AmqpTradeExchange     string `env:"AMQP_TRADE_EXCHANGE" default:"peatio.trade" help:"With --rabbitmq-url: exchange of trades."`
	MemberDirectory       string `env:"MEMBER_DIRECTORY" default:"ranger:members" help:"With --redis-url: hash that maps member ids to uids."`

	KeyFile  string `placeholder:"PATH" help:"File with the private RSA key that signs session tokens: PEM, or Base64 of PEM. Default: JWT_PRIVATE_KEY of the environment or .env, or else a new key at each start."`
	LogLevel string `default:"warn" help:"debug, info, warn or error."`
}

// Help returns the text that --help prints before the flags.
func (Sandbox) Help() string {
	return `Runs a toy exchange with ranger inside, on one port of this machine: a page, WebSockets, and the parts of the Peatio and Barong APIs for orders, sessions and API keys. It has two users to log in, and bots that trade on two markets. At the start it prints its address, the passwords and commands to paste. You need not install anything, and it stores nothing.

With --rabbitmq-url the exchange publishes to RabbitMQ as Peatio does, and ranger reads from there. With --redis-url it puts member ids into the headers, as an unmodified Peatio does, and ranger looks them up in Redis.

  ranger sandbox
  ranger sandbox --rabbitmq-url amqp://localhost`
}

// Run runs the sandbox until ctx is done.
func (cmd *Sandbox) Run(ctx context.Context, std cli.Streams, version cli.Version) error {
	s, err := cmd.settings()
	if err != nil {
		return err
	}
	log := cli.NewLogger(std.Err, s.logLevel, false)
	metrics := ops.NewMetrics(s.broker.Node, string(version), auth.Reasons(), hub.CloseCodes())
	verifier, err := s.verifier(metrics, log)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.listen) // before anything that a port in use would have to undo
	if err != nil {
		return fmt.Errorf("listen on --host and --port: %w", err)
	}
	defer listener.Close() //nolint:errcheck // the server closes it, if it is started

	window := journal.New(journal.Config{})
	events, err := s.events(ctx, window, metrics, log)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	sockets := hub.New(hub.Config{Ready: events.ready, CatchUp: events.catchUp}, window, verifier, metrics, log)
	toy, err := sandbox.New(sandbox.Config{
		Signer: s.signer, Verifier: verifier, Publish: events.publish, Sockets: sockets, Log: log,
		TokenLife: s.tokenLife, Rate: s.rate,
	})
	if err != nil {
		return err
	}
	server := httpserver.New(toy, log)

	work, finish := context.WithCancel(context.WithoutCancel(ctx))
	defer finish()
	g, work := errgroup.WithContext(work)
	g.Go(func() error { return verifier.Run(work) })
	for _, run := range events.runs {
		g.Go(func() error { return run(work) })
	}
	g.Go(func() error { return sockets.Run(work) })
	g.Go(func() error {
		defer events.close()
		if events.catchUp != nil && events.catchUp(work) != nil { // events published before the stream is bound would be lost
			return nil // work is done
		}
		return toy.Run(work)
	})
	g.Go(func() error { return httpserver.Serve(server, listener) })
	g.Go(func() error { return sandbox.Welcome(std.Out, listener.Addr().String(), s.rabbitmq) })
	g.Go(func() error {
		defer finish()
		return stopSandboxAfter(ctx, work, server, sockets)
	})
	return g.Wait()
}

// stopSandboxAfter waits for the end of ctx, or for a component that fails and so ends
// work; then it closes the listener and the sockets, and cuts those that do not answer.
func stopSandboxAfter(ctx, work context.Context, server *http.Server, sockets *hub.Hub) error {
	select {
	case <-ctx.Done():
	case <-work.Done():
	}
	httpserver.CloseListener(server)
	soon, cancel := context.WithTimeout(work, time.Second)
	defer cancel()
	sockets.Drain(soon, 0)
	_ = server.Close()
	return nil
}

// sandboxSettings are the checked and typed flags of Sandbox.
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

// verifier returns a verifier of the sandbox's own tokens.
func (s *sandboxSettings) verifier(m auth.Metrics, log *slog.Logger) (*auth.Verifier, error) {
	return auth.New(auth.Config{
		Algorithm: "RS256", Keys: s.keys, Audience: []string{"peatio"}, IssuedAtLeeway: 3 * time.Minute, UIDClaim: "uid",
		Log: log, Metrics: m,
	})
}

// settings checks all flags. Its error lists all that are invalid.
func (cmd *Sandbox) settings() (*sandboxSettings, error) {
	c := new(cli.Checker)
	s := &sandboxSettings{
		listen:    net.JoinHostPort(cmd.host(c), strconv.Itoa(c.Number("--port", cmd.Port, 0, 65535))),
		tokenLife: c.Duration("--token-lifetime", cmd.TokenLifetime, time.Second),
		rabbitmq:  cmd.RabbitmqURL != "",
		members:   cmd.directory(c),
	}
	if rate, err := strconv.ParseFloat(cmd.Rate, 64); err != nil || !(rate >= 0.01 && rate <= 1000) {
		c.Fail("--rate", "%q: must be a number from 0.01 to 1000; use --quiet for no bots", cmd.Rate)
	} else if !cmd.Quiet {
		s.rate = rate
	}
	c.OneOf("--log-level", cmd.LogLevel, "debug", "info", "warn", "error")
	_ = s.logLevel.UnmarshalText([]byte(cmd.LogLevel)) // just checked
	s.broker = cmd.broker(c)
	cmd.sign(c, s)
	return s, c.Err()
}

// host returns the address to listen on.
func (cmd *Sandbox) host(c *cli.Checker) string {
	before := c.Problems()
	host := c.Host("--host", cmd.Host)
	if c.Problems() == before && !cmd.AllowRemote && !loopback(host) {
		c.Fail("--host", "%q: other machines can reach it; add --allow-remote if they may", host)
	}
	return host
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (cmd *Sandbox) broker(c *cli.Checker) amqp.Config {
	node, err := os.Hostname()
	if err != nil {
		node = "sandbox"
	}
	if cmd.RabbitmqURL != "" {
		c.BrokerURL("--rabbitmq-url", cmd.RabbitmqURL)
	}
	exchanges := cli.BrokerFlags{
		AmqpOrderbookExchange: cmd.AmqpOrderbookExchange, AmqpTradeExchange: cmd.AmqpTradeExchange, AmqpExchangeDurable: "false",
	}
	return amqp.Config{
		URL: cmd.RabbitmqURL,
		Config: topology.Config{
			Node:      node,
			Exchanges: exchanges.Exchanges(c),
			Stream:    c.Text("AMQP_STREAM", cmd.AmqpStream),
		},
	}
}

// directory returns the configuration of the member directory; without Redis it has
// no URL.
func (cmd *Sandbox) directory(c *cli.Checker) redis.Config {
	cfg := redis.Config{URL: cmd.RedisURL, Key: c.Text("MEMBER_DIRECTORY", cmd.MemberDirectory)}
	if cfg.URL == "" {
		return cfg
	}
	if _, err := redis.NewDirectory(cfg, slog.New(slog.DiscardHandler)); err != nil {
		c.Fail("--redis-url", "%s", strings.TrimPrefix(err.Error(), "REDIS_URL: "))
	}
	return cfg
}

// sign sets the keys: the given one, or a new one.
func (cmd *Sandbox) sign(c *cli.Checker, s *sandboxSettings) {
	name, key := "JWT_PRIVATE_KEY", os.Getenv("JWT_PRIVATE_KEY")
	switch {
	case cmd.KeyFile != "":
		before := c.Problems()
		name, key = "--key-file", c.File("--key-file", cmd.KeyFile)
		if c.Problems() > before {
			return
		}
	case key == "":
		private, _, err := auth.GenerateKey("RS256")
		if err != nil {
			c.Fail(name, "%v", err)
			return
		}
		key = string(private)
	}
	signer, err := auth.NewSigner("RS256", key)
	if err != nil {
		c.Fail(name, "%v", err)
		return
	}
	s.signer, s.keys = signer, []crypto.PublicKey{signer.PublicKey()}
}
