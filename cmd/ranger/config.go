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

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/redis"
)

// serveFlags are the configuration of `ranger serve`, as raw text: docs and
// --help come from here. Precedence: flag, environment, .env, default.
type serveFlags struct {
	WebsocketHost           string `env:"WEBSOCKET_HOST" default:"0.0.0.0" group:"sockets" help:"Where clients connect: the address to listen on."`
	WebsocketPort           string `env:"WEBSOCKET_PORT" default:"8080" group:"sockets" help:"And the port. 0: one that the system chooses; the log says which."`
	WebsocketSslCert        string `env:"WEBSOCKET_SSL_CERT" placeholder:"PATH" group:"sockets" help:"Certificate chain, PEM. With WEBSOCKET_SSL_KEY: wss:// instead of ws://. SIGHUP reads both again."`
	WebsocketSslKey         string `env:"WEBSOCKET_SSL_KEY" placeholder:"PATH" group:"sockets" help:"Its private key, PEM."`
	WebsocketAllowedOrigins string `env:"WEBSOCKET_ALLOWED_ORIGINS" placeholder:"LIST" group:"sockets" help:"Comma list of origins whose pages may connect, beside the server's own: https://example.com, https://*.example.com, or *."`

	AuthTimeout       string `env:"AUTH_TIMEOUT" default:"30s" group:"sockets" help:"How long a socket may stay without a good token."`
	PingInterval      string `env:"PING_INTERVAL" default:"30s" group:"sockets" help:"How often clients are pinged; one that is silent for two of these is dropped."`
	HeartbeatInterval string `env:"HEARTBEAT_INTERVAL" default:"15s" group:"sockets" help:"How often clients that resume are told how far the stream was read."`
	WriteTimeout      string `env:"WRITE_TIMEOUT" default:"10s" group:"sockets" help:"How long one write to a client may take."`
	DrainPeriod       string `env:"DRAIN_PERIOD" default:"8s" group:"sockets" help:"Over how long the clients are sent away after SIGTERM."`
	MaxMessageBytes   string `env:"MAX_MESSAGE_BYTES" default:"16KiB" group:"sockets" help:"The largest message that a client may send."`

	brokerFlags

	AmqpSource         string `env:"AMQP_SOURCE" default:"stream" group:"broker" help:"Where events are read from: stream, or queue, a queue of each node's own, for brokers without streams; nothing can be resumed then after a restart."`
	AmqpStream         string `env:"AMQP_STREAM" default:"ranger" group:"broker" help:"The stream that both exchanges feed; declared where it is missing, else taken as it is."`
	AmqpStreamMaxAge   string `env:"AMQP_STREAM_MAX_AGE" default:"6h" group:"broker" help:"How long the stream keeps messages, where it is declared."`
	AmqpStreamMaxBytes string `env:"AMQP_STREAM_MAX_BYTES" default:"1GiB" group:"broker" help:"And how much of them."`
	AmqpMaxBodyBytes   string `env:"AMQP_MAX_BODY_BYTES" default:"256KiB" group:"broker" help:"The largest message that is read; a larger one goes to nobody."`
	AmqpPrefetch       string `env:"AMQP_PREFETCH" default:"2000" group:"broker" help:"How many messages may be in flight from the broker."`
	NodeName           string `env:"NODE_NAME" placeholder:"NAME" group:"broker" help:"This node's name in logs, metrics and at the broker. The host's name by default."`

	redisFlags

	HistoryTTL    string `name:"history-ttl" env:"HISTORY_TTL" default:"15m" group:"history" help:"How far back this node holds events: what it reads at its start."`
	HistorySize   string `env:"HISTORY_SIZE" default:"1000" group:"history" help:"How many events of one user."`
	HistoryMemory string `env:"HISTORY_MEMORY" default:"256MiB" group:"history" help:"And how much of all users; one may take a 64th of it."`

	tokenFlags

	IOMode    string `name:"io-mode" env:"IO_MODE" placeholder:"MODE" group:"operations" help:"fast: read and write sockets past Go's scheduler, Linux only. portable: plain reads and writes, and a goroutine for each socket. By default fast on Linux, portable elsewhere."`
	OpsAddr   string `env:"OPS_ADDR" default:"127.0.0.1:4242" group:"operations" help:"Where /livez, /readyz and /metrics are served; off: nowhere."`
	LogLevel  string `env:"LOG_LEVEL" default:"info" group:"operations" help:"debug, info, warn or error."`
	LogFormat string `env:"LOG_FORMAT" placeholder:"FORMAT" group:"operations" help:"text or json. By default text on a terminal, else json."`
}

// settings are the checked and typed form of serveFlags.
type settings struct {
	listen   string
	ops      string // empty: none
	tls      *certificate
	tokens   tokenFlags // to be read again
	drain    time.Duration
	node     string
	logLevel slog.Level
	logJSON  bool
	portable bool // IO_MODE
	broker   amqp.Config
	members  redis.Config // without a URL: none
	journal  journal.Config
	hub      hub.Config
	auth     auth.Config
}

// settings checks all values together; its error tells everything that is wrong.
func (f *serveFlags) settings() (settings, error) {
	c := new(checker)
	s := settings{
		listen:   net.JoinHostPort(c.host("WEBSOCKET_HOST", f.WebsocketHost), itoa(c.number("WEBSOCKET_PORT", f.WebsocketPort, 0, 65535))),
		tls:      f.certificate(c),
		tokens:   f.tokenFlags,
		drain:    c.duration("DRAIN_PERIOD", f.DrainPeriod, 0),
		node:     f.node(c),
		logLevel: f.logLevel(c),
		logJSON:  f.LogFormat == "json",
		portable: f.portable(c),
		journal: journal.Config{
			TTL:    c.duration("HISTORY_TTL", f.HistoryTTL, time.Second),
			Size:   c.number("HISTORY_SIZE", f.HistorySize, 1, 1<<24),
			Memory: c.size("HISTORY_MEMORY", f.HistoryMemory, 1<<20),
		},
		hub: hub.Config{
			Origins:           f.origins(c),
			AuthTimeout:       c.duration("AUTH_TIMEOUT", f.AuthTimeout, time.Second),
			PingInterval:      c.duration("PING_INTERVAL", f.PingInterval, time.Second),
			HeartbeatInterval: c.duration("HEARTBEAT_INTERVAL", f.HeartbeatInterval, time.Second),
			WriteTimeout:      c.duration("WRITE_TIMEOUT", f.WriteTimeout, 100*time.Millisecond),
			MaxMessage:        c.size("MAX_MESSAGE_BYTES", f.MaxMessageBytes, 1<<10),
		},
		auth: f.auth(c),
	}
	s.broker = f.broker(c, s.node, s.journal.TTL)
	s.broker.Portable, s.hub.Portable = s.portable, s.portable
	s.members = f.directory(c)
	if f.OpsAddr != "off" {
		s.ops = c.address("OPS_ADDR", f.OpsAddr)
	}
	if f.LogFormat == "" {
		s.logJSON = !isTerminal(os.Stderr)
	} else {
		c.oneOf("LOG_FORMAT", f.LogFormat, "text", "json")
	}
	return s, c.err()
}

func (f *serveFlags) broker(c *checker, node string, window time.Duration) amqp.Config {
	c.oneOf("AMQP_SOURCE", f.AmqpSource, "stream", "queue")
	maxAge := c.duration("AMQP_STREAM_MAX_AGE", f.AmqpStreamMaxAge, time.Minute)
	if maxAge >= time.Minute && maxAge < window {
		c.fail("AMQP_STREAM_MAX_AGE", "%q: must not be less than HISTORY_TTL, %s", f.AmqpStreamMaxAge, f.HistoryTTL)
	}
	return amqp.Config{
		URL:       f.url(c),
		Node:      node,
		Exchanges: f.exchanges(c),
		Queue:     f.AmqpSource == "queue",
		Stream:    c.text("AMQP_STREAM", f.AmqpStream),
		MaxAge:    maxAge,
		MaxBytes:  c.size("AMQP_STREAM_MAX_BYTES", f.AmqpStreamMaxBytes, 1<<20),
		MaxBody:   int(c.size("AMQP_MAX_BODY_BYTES", f.AmqpMaxBodyBytes, 1<<10)),
		Prefetch:  c.number("AMQP_PREFETCH", f.AmqpPrefetch, 1, 65535), // a short in AMQP
		Window:    window,
	}
}

// auth returns the verifier's configuration, which must be one that works.
func (f *serveFlags) auth(c *checker) auth.Config {
	before := len(c.problems)
	c.oneOf("JWT_ALGORITHM", f.JwtAlgorithm, auth.Algorithms()...)
	cfg := f.verifier(c)
	switch secret := strings.HasPrefix(cfg.Algorithm, "HS"); {
	case len(c.problems) > before:
	case secret && len(cfg.Secret) == 0:
		c.fail("JWT_SECRET", "is unset: JWT_ALGORITHM %s needs it, or JWT_SECRET_FILE", cfg.Algorithm)
	case !secret && len(cfg.Keys) == 0 && len(cfg.Secret) == 0:
		c.fail("JWT_PUBLIC_KEY", "is unset: set it, or JWT_PUBLIC_KEY_FILE, to the public key of who signs the tokens; for a trial, `ranger keygen --env` makes a pair")
	default:
		if _, err := auth.New(cfg); err != nil {
			c.fail("JWT_ALGORITHM, JWT_PUBLIC_KEY, JWT_SECRET", "%v", err)
		}
	}
	return cfg
}

func (f *serveFlags) certificate(c *checker) *certificate {
	switch {
	case f.WebsocketSslCert == "" && f.WebsocketSslKey == "":
		return nil
	case f.WebsocketSslCert == "":
		c.fail("WEBSOCKET_SSL_CERT", "is unset, but WEBSOCKET_SSL_KEY is set: set both, or neither")
		return nil
	case f.WebsocketSslKey == "":
		c.fail("WEBSOCKET_SSL_KEY", "is unset, but WEBSOCKET_SSL_CERT is set: set both, or neither")
		return nil
	}
	cert := &certificate{certFile: f.WebsocketSslCert, keyFile: f.WebsocketSslKey}
	if err := cert.load(); err != nil {
		c.fail("WEBSOCKET_SSL_CERT, WEBSOCKET_SSL_KEY", "%v", err)
	}
	return cert
}

func (f *serveFlags) origins(c *checker) hub.Origins {
	o, err := hub.ParseOrigins(f.WebsocketAllowedOrigins)
	if err != nil {
		c.fail("WEBSOCKET_ALLOWED_ORIGINS", "%v", err)
	}
	return o
}

func (f *serveFlags) node(c *checker) string {
	if f.NodeName != "" {
		return c.text("NODE_NAME", f.NodeName)
	}
	name, err := os.Hostname()
	if err != nil {
		c.fail("NODE_NAME", "is unset, and the host has no name: %v", err)
	}
	return name
}

func (f *serveFlags) logLevel(c *checker) (level slog.Level) {
	c.oneOf("LOG_LEVEL", f.LogLevel, "debug", "info", "warn", "error")
	_ = level.UnmarshalText([]byte(f.LogLevel)) // just checked
	return level
}

// portable reports whether IO_MODE, or its default on this system, is portable.
func (f *serveFlags) portable(c *checker) bool {
	switch linux := runtime.GOOS == "linux"; {
	case f.IOMode == "":
		return !linux
	case f.IOMode == "fast" && !linux:
		c.fail("IO_MODE", "%q: must be portable on this system: only Linux has the fast mode", f.IOMode)
	default:
		c.oneOf("IO_MODE", f.IOMode, "fast", "portable")
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

func itoa(n int) string { return strconv.Itoa(n) }

// tlsConfig returns nil for no TLS.
func (s *settings) tlsConfig() *tls.Config {
	if s.tls == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.tls.get}
}
