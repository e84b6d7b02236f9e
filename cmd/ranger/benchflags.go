package main

import (
	"net/url"
	"runtime"
	"slices"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/bench"
)

// benchFlags are those of `ranger bench`, as raw text.
type benchFlags struct {
	Scenario []string `arg:"" help:"What to measure: the names below, or all."`

	URL string `name:"url" placeholder:"URL" help:"A running server's sockets, ws://host:port/ or wss://…, instead of one of its own."`
	PID string `name:"pid" placeholder:"N" help:"With --url: its process on this machine, whose CPU time and memory are read. Linux."`

	Users      string `placeholder:"N" help:"How many users there are; like those that follow, by default what the scenario needs."`
	Sockets    string `placeholder:"N" help:"How many sockets each has."`
	Events     string `placeholder:"N" help:"How many trades are published at full speed, or in a burst."`
	Rate       string `placeholder:"N" help:"How many trades, or connects, a second."`
	Duration   string `placeholder:"TIME" help:"For how long, where the rate is fixed."`
	Connecting string `default:"64" help:"How many sockets are opened at once."`

	JSON     bool   `name:"json" help:"Print the reports as one JSON object."`
	HTML     string `name:"html" placeholder:"FILE" help:"Write a page with charts, too: one file that loads nothing."`
	Progress bool   `help:"Tell progress every 5 s on standard error, where it is no terminal."`

	signFlags
	brokerFlags
}

// benchSettings are the checked and typed form of benchFlags.
type benchSettings struct {
	scenarios []bench.Scenario
	load      bench.Config // but for Connect and Progress
	broker    amqp.Config  // URL and exchanges
	own       *ownServers  // nil: load.URL names one
	page      string
	progress  bool
}

// settings checks all values together.
func (f *benchFlags) settings() (*benchSettings, error) {
	c := new(checker)
	s := &benchSettings{
		scenarios: f.scenarios(c),
		load: bench.Config{
			URL:        f.server(c),
			PID:        f.optional(c, "--pid", f.PID, 1<<30),
			Users:      f.optional(c, "--users", f.Users, 1_000_000),
			Sockets:    f.optional(c, "--sockets", f.Sockets, 10_000),
			Events:     f.optional(c, "--events", f.Events, 100_000_000),
			Rate:       f.optional(c, "--rate", f.Rate, 1_000_000),
			Connecting: c.number("--connecting", f.Connecting, 1, 10_000),
		},
		broker:   amqp.Config{URL: f.url(c), Exchanges: f.exchanges(c)},
		page:     f.HTML,
		progress: f.Progress,
	}
	lifetime := c.duration("--expires-in", f.ExpiresIn, time.Second)
	if f.Duration != "" {
		s.load.Duration = c.duration("--duration", f.Duration, time.Millisecond)
		if s.load.Duration >= lifetime {
			c.fail("--expires-in", "%q: must be longer than --duration, since tokens are not renewed", f.ExpiresIn)
		}
	}
	signer, err := f.keys(c, s)
	if err != nil {
		return nil, err
	}
	audience := splitList(f.Audience)
	s.load.Token = func(uid event.UID) (string, error) {
		return signer.Sign(auth.Claims{UID: uid, Audience: audience, Lifetime: lifetime})
	}
	return s, nil
}

// keys returns what signs tokens: the given key, or a new one that servers of our
// own take.
func (f *benchFlags) keys(c *checker, s *benchSettings) (*auth.Signer, error) {
	if f.URL != "" {
		return f.signer(c)
	}
	if f.PID != "" {
		c.fail("--pid", "is for a server that --url names")
	}
	if f.KeyFile != "" {
		c.fail("--key-file", "is for a server that --url names: one of its own takes a key of its own")
	}
	private, public, err := auth.GenerateKey(f.Alg)
	if err != nil {
		c.fail("--alg", "%v", err)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	s.own = &ownServers{algorithm: f.Alg, audience: f.Audience, private: string(private), public: string(public)}
	return auth.NewSigner(f.Alg, string(private))
}

// scenarios returns those that are named.
func (f *benchFlags) scenarios(c *checker) (named []bench.Scenario) {
	all := bench.Scenarios()
	names := []string{"all"}
	for _, s := range all {
		names = append(names, s.Name)
	}
	for _, name := range f.Scenario {
		c.oneOf("scenario", name, names...)
		if name == "all" {
			named = append(named, all...)
		} else if i := slices.Index(names, name); i > 0 {
			named = append(named, all[i-1])
		}
	}
	return named
}

func (f *benchFlags) server(c *checker) string {
	if f.URL == "" {
		return ""
	}
	if u, err := url.Parse(f.URL); err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Hostname() == "" || !validPort(u.Port()) {
		c.fail("--url", "%q: must be like ws://localhost:8080/ or wss://push.example.com/", f.URL)
	}
	return f.URL
}

// optional returns 0 for what is not given.
func (*benchFlags) optional(c *checker, name, raw string, most int) int {
	if raw == "" {
		return 0
	}
	return c.number(name, raw, 1, most)
}

// notes say what cannot be measured, and why.
func (s *benchSettings) notes() []string {
	switch {
	case runtime.GOOS != "linux":
		s.load.PID = 0
		return []string{"The server's CPU time and memory: they can be read on Linux alone."}
	case s.own == nil && s.load.PID == 0:
		return []string{"The server's CPU time and memory: --pid names its process, where it runs on this machine."}
	default:
		return nil
	}
}
