package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/amqp"
	"ranger/internal/amqp/topology"
	"ranger/internal/auth"
	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/redis"
)

// serveFlags are the configuration of `ranger serve` as raw text, from which --help is
// made. Precedence: flag, environment, .env, default.
type serveFlags struct {
	WebsocketHost           string `env:"WEBSOCKET_HOST" default:"0.0.0.0" group:"sockets" help:"Address to listen on for clients."`
	WebsocketPort           string `env:"WEBSOCKET_PORT" default:"8080" group:"sockets" help:"Port to listen on for clients. 0: a free port, which the log shows."`
	WebsocketSslCert        string `env:"WEBSOCKET_SSL_CERT" placeholder:"PATH" group:"sockets" help:"File with the certificate chain, PEM. With WEBSOCKET_SSL_KEY it enables wss:// instead of ws://. SIGHUP reloads both files."`
	WebsocketSslKey         string `env:"WEBSOCKET_SSL_KEY" placeholder:"PATH" group:"sockets" help:"File with the private key of the certificate, PEM."`
	WebsocketAllowedOrigins string `env:"WEBSOCKET_ALLOWED_ORIGINS" placeholder:"LIST" group:"sockets" help:"Comma-separated origins whose pages may connect, in addition to the server's own: https://example.com, https://*.example.com, or *."`

	AuthTimeout       string `env:"AUTH_TIMEOUT" default:"30s" group:"sockets" help:"Maximum time that a socket may be open without a valid token."`
	PingInterval      string `env:"PING_INTERVAL" default:"30s" group:"sockets" help:"Interval of pings to clients. A client that is silent for two intervals is disconnected."`
	HeartbeatInterval string `env:"HEARTBEAT_INTERVAL" default:"15s" group:"sockets" help:"Interval of heartbeats to clients that resume. A heartbeat has the position up to which the stream was read."`
	WriteTimeout      string `env:"WRITE_TIMEOUT" default:"10s" group:"sockets" help:"Maximum time of one write to a client."`
	DrainPeriod       string `env:"DRAIN_PERIOD" default:"8s" group:"sockets" help:"Time over which clients are disconnected after SIGTERM."`
	MaxMessageBytes   string `env:"MAX_MESSAGE_BYTES" default:"16KiB" group:"sockets" help:"Maximum size of a message from a client."`

	cli.BrokerFlags

	AmqpSource         string `env:"AMQP_SOURCE" default:"stream" group:"broker" help:"Where events are read from: stream, or queue, which is one queue per node for brokers without streams. With queue, clients cannot resume after a restart of the node."`
	AmqpStream         string `env:"AMQP_STREAM" default:"ranger" group:"broker" help:"Stream to which both exchanges are bound. It is declared if it is missing; an existing one is used unchanged."`
	AmqpStreamMaxAge   string `env:"AMQP_STREAM_MAX_AGE" default:"6h" group:"broker" help:"Retention time of the stream, if ranger declares it."`
	AmqpStreamMaxBytes string `env:"AMQP_STREAM_MAX_BYTES" default:"1GiB" group:"broker" help:"Maximum size of the stream, if ranger declares it."`
	AmqpMaxBodyBytes   string `env:"AMQP_MAX_BODY_BYTES" default:"256KiB" group:"broker" help:"Maximum size of a message from the broker. A larger one is not delivered."`
	AmqpPrefetch       string `env:"AMQP_PREFETCH" default:"2000" group:"broker" help:"Maximum number of messages in flight from the broker."`
	NodeName           string `env:"NODE_NAME" placeholder:"NAME" group:"broker" help:"Name of this node in logs, metrics and at the broker. Default: the host's name."`

	cli.RedisFlags

	HistoryTTL    string `name:"history-ttl" env:"HISTORY_TTL" default:"15m" group:"history" help:"Maximum age of events in memory. A node reads the events of this time from the stream when it starts."`
	HistorySize   string `env:"HISTORY_SIZE" default:"1000" group:"history" help:"Maximum number of events of one user in memory."`
	HistoryMemory string `env:"HISTORY_MEMORY" default:"256MiB" group:"history" help:"Maximum memory of the events of all users. One user may take a 64th of it."`

	tokenFlags

	IOMode    string `name:"io-mode" env:"IO_MODE" placeholder:"MODE" group:"operations" help:"fast: read and write sockets past Go's scheduler, Linux only. portable: plain reads and writes, and a goroutine for each socket. Default: fast on Linux, portable elsewhere."`
	OpsAddr   string `env:"OPS_ADDR" default:"127.0.0.1:4242" group:"operations" help:"Address of /livez, /readyz and /metrics, or off."`
	LogLevel  string `env:"LOG_LEVEL" default:"info" group:"operations" help:"Lowest level that is logged: debug, info, warn or error."`
	LogFormat string `env:"LOG_FORMAT" placeholder:"FORMAT" group:"operations" help:"Format of the log: text or json. Default: text on a terminal, else json."`
}

// settings are the checked and typed form of serveFlags.
type settings struct {
	listen   string
	ops      string // address for operators; empty: none
	tls      *certificate
	tokens   tokenFlags // reloaded on SIGHUP
	drain    time.Duration
	node     string
	logLevel slog.Level
	logJSON  bool
	portable bool // IO_MODE
	broker   amqp.Config
	members  redis.Config // its URL is empty if there is no Redis
	journal  journal.Config
	hub      hub.Config
	auth     auth.Config
}

// settings checks all values. Its error lists every problem.
func (f *serveFlags) settings() (settings, error) {
	c := new(cli.Checker)
	s := settings{
		listen:   net.JoinHostPort(c.Host("WEBSOCKET_HOST", f.WebsocketHost), strconv.Itoa(c.Number("WEBSOCKET_PORT", f.WebsocketPort, 0, 65535))),
		tls:      f.certificate(c),
		tokens:   f.tokenFlags,
		drain:    c.Duration("DRAIN_PERIOD", f.DrainPeriod, 0),
		node:     f.node(c),
		logLevel: f.logLevel(c),
		logJSON:  f.LogFormat == "json",
		portable: f.portable(c),
		journal: journal.Config{
			TTL:    c.Duration("HISTORY_TTL", f.HistoryTTL, time.Second),
			Size:   c.Number("HISTORY_SIZE", f.HistorySize, 1, 1<<24),
			Memory: c.Size("HISTORY_MEMORY", f.HistoryMemory, 1<<20),
		},
		hub: hub.Config{
			Origins:           f.origins(c),
			AuthTimeout:       c.Duration("AUTH_TIMEOUT", f.AuthTimeout, time.Second),
			PingInterval:      c.Duration("PING_INTERVAL", f.PingInterval, time.Second),
			HeartbeatInterval: c.Duration("HEARTBEAT_INTERVAL", f.HeartbeatInterval, time.Second),
			WriteTimeout:      c.Duration("WRITE_TIMEOUT", f.WriteTimeout, 100*time.Millisecond),
			MaxMessage:        c.Size("MAX_MESSAGE_BYTES", f.MaxMessageBytes, 1<<10),
		},
		auth: f.auth(c),
	}
	s.broker = f.broker(c, s.node, s.journal.TTL)
	s.broker.Portable, s.hub.Portable = s.portable, s.portable
	s.members = f.Directory(c)
	if f.OpsAddr != "off" {
		s.ops = c.Address("OPS_ADDR", f.OpsAddr)
	}
	if f.LogFormat == "" {
		s.logJSON = !cli.IsTerminal(os.Stderr)
	} else {
		c.OneOf("LOG_FORMAT", f.LogFormat, "text", "json")
	}
	return s, c.Err()
}

// broker returns the configuration of the source of events.
func (f *serveFlags) broker(c *cli.Checker, node string, window time.Duration) amqp.Config {
	c.OneOf("AMQP_SOURCE", f.AmqpSource, "stream", "queue")
	maxAge := c.Duration("AMQP_STREAM_MAX_AGE", f.AmqpStreamMaxAge, time.Minute)
	if maxAge >= time.Minute && maxAge < window {
		c.Fail("AMQP_STREAM_MAX_AGE", "%q: must not be less than HISTORY_TTL, %s", f.AmqpStreamMaxAge, f.HistoryTTL)
	}
	return amqp.Config{
		URL: f.BrokerURL(c),
		Config: topology.Config{
			Node:      node,
			Exchanges: f.Exchanges(c),
			Queue:     f.AmqpSource == "queue",
			Stream:    c.Text("AMQP_STREAM", f.AmqpStream),
			MaxAge:    maxAge,
			MaxBytes:  c.Size("AMQP_STREAM_MAX_BYTES", f.AmqpStreamMaxBytes, 1<<20),
			Window:    window,
		},
		MaxBody:  int(c.Size("AMQP_MAX_BODY_BYTES", f.AmqpMaxBodyBytes, 1<<10)),
		Prefetch: c.Number("AMQP_PREFETCH", f.AmqpPrefetch, 1, 65535), // a short in AMQP
	}
}

// auth returns the configuration of the verifier, with which auth.New succeeds.
func (f *serveFlags) auth(c *cli.Checker) auth.Config {
	before := c.Problems()
	c.OneOf("JWT_ALGORITHM", f.JwtAlgorithm, auth.Algorithms()...)
	cfg := f.verifier(c)
	switch secret := strings.HasPrefix(cfg.Algorithm, "HS"); {
	case c.Problems() > before:
	case secret && len(cfg.Secret) == 0:
		c.Fail("JWT_SECRET", "is unset: JWT_ALGORITHM %s requires it, or JWT_SECRET_FILE", cfg.Algorithm)
	case !secret && len(cfg.Keys) == 0 && len(cfg.Secret) == 0:
		c.Fail("JWT_PUBLIC_KEY", "is unset: set it, or JWT_PUBLIC_KEY_FILE, to the public key of the signer of the tokens; for a trial, `ranger keygen --env` generates a key pair")
	default:
		if _, err := auth.New(cfg); err != nil {
			c.Fail("JWT_ALGORITHM, JWT_PUBLIC_KEY, JWT_SECRET", "%v", err)
		}
	}
	return cfg
}

// certificate returns the loaded certificate, or nil if none is configured.
func (f *serveFlags) certificate(c *cli.Checker) *certificate {
	switch {
	case f.WebsocketSslCert == "" && f.WebsocketSslKey == "":
		return nil
	case f.WebsocketSslCert == "":
		c.Fail("WEBSOCKET_SSL_CERT", "is unset, but WEBSOCKET_SSL_KEY is set: set both, or neither")
		return nil
	case f.WebsocketSslKey == "":
		c.Fail("WEBSOCKET_SSL_KEY", "is unset, but WEBSOCKET_SSL_CERT is set: set both, or neither")
		return nil
	}
	cert := &certificate{certFile: f.WebsocketSslCert, keyFile: f.WebsocketSslKey}
	if err := cert.load(); err != nil {
		c.Fail("WEBSOCKET_SSL_CERT, WEBSOCKET_SSL_KEY", "%v", err)
	}
	return cert
}

func (f *serveFlags) origins(c *cli.Checker) hub.Origins {
	o, err := hub.ParseOrigins(f.WebsocketAllowedOrigins)
	if err != nil {
		c.Fail("WEBSOCKET_ALLOWED_ORIGINS", "%v", err)
	}
	return o
}

// node returns the name of this node.
func (f *serveFlags) node(c *cli.Checker) string {
	if f.NodeName != "" {
		return c.Text("NODE_NAME", f.NodeName)
	}
	name, err := os.Hostname()
	if err != nil {
		c.Fail("NODE_NAME", "is unset, and the host has no name: %v", err)
	}
	return name
}

func (f *serveFlags) logLevel(c *cli.Checker) (level slog.Level) {
	c.OneOf("LOG_LEVEL", f.LogLevel, "debug", "info", "warn", "error")
	_ = level.UnmarshalText([]byte(f.LogLevel)) // checked by oneOf
	return level
}

// portable reports whether IO_MODE, or its default on this system, is portable.
func (f *serveFlags) portable(c *cli.Checker) bool {
	switch linux := runtime.GOOS == "linux"; {
	case f.IOMode == "":
		return !linux
	case f.IOMode == "fast" && !linux:
		c.Fail("IO_MODE", "%q: must be portable on this system: only Linux has the fast mode", f.IOMode)
	default:
		c.OneOf("IO_MODE", f.IOMode, "fast", "portable")
	}
	return f.IOMode != "fast"
}

// ioMode returns the value of IO_MODE that is in effect.
func (s *settings) ioMode() string {
	if s.portable {
		return "portable"
	}
	return "fast"
}

// tlsConfig returns nil if there is no certificate.
func (s *settings) tlsConfig() *tls.Config {
	if s.tls == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.tls.get}
}
