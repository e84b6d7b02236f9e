package toolcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/amqp"
	"ranger/internal/amqp/publish"
	"ranger/internal/amqp/topology"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/bench"
	"ranger/internal/tools/bench/show"
)

// Bench is `ranger bench`.
type Bench struct {
	Scenario []string `arg:"" help:"Scenarios to run: names from the list above, or all."`

	URL string `name:"url" placeholder:"URL" help:"WebSocket URL of a running server, ws://host:port/ or wss://…. Without it each scenario starts a server."`
	PID string `name:"pid" placeholder:"N" help:"With --url: process id of that server on this machine, to read its CPU time and memory (Linux)."`

	Users      string `placeholder:"N" help:"Number of users. By default each scenario chooses this and the following flags."`
	Sockets    string `placeholder:"N" help:"Sockets per user."`
	Events     string `placeholder:"N" help:"Trades published at full speed or in a burst."`
	Rate       string `placeholder:"N" help:"Trades, or connects, per second."`
	Duration   string `placeholder:"TIME" help:"Duration of a load with a fixed rate."`
	Connecting string `default:"64" help:"Sockets that connect at once."`

	JSON     bool   `name:"json" help:"Print the reports as one JSON object."`
	HTML     string `name:"html" placeholder:"FILE" help:"Also write a page with charts: one file that loads nothing."`
	Progress bool   `help:"Print progress every 5 s to standard error if it is not a terminal."`

	cli.SignFlags
	cli.BrokerFlags
}

// Help returns the text that --help prints before the flags.
func (Bench) Help() string {
	var list strings.Builder
	for _, s := range bench.Scenarios() {
		fmt.Fprintf(&list, "  %-8s %s\n", s.Name, s.Help)
	}
	return `Puts a server under load and measures its cost and the latency of events. It publishes trades of made-up users and opens sockets of these users. It verifies every delivery: one that is missing, duplicated or misdelivered is a fault. docs/bench.md explains the figures. The scenarios:

` + list.String() + `
Without --url each scenario starts a server on this machine: this program, with new keys, and with a stream and exchanges that are deleted afterwards. The server reads your environment, such as HISTORY_SIZE or GOGC.

With --url it measures a running server through the exchanges that the server reads, with tokens that the server accepts: set its broker and the private key. Its users notice the load.

  ranger bench all --html report.html
  ranger bench fanout --users 20 --sockets 5
  ranger bench latency --url ws://10.0.0.1:8080/ --rate 500 --duration 1m

Exit code 1: there were faults, or a scenario could not be measured. Ctrl-C ends the run and prints the finished scenarios; a second Ctrl-C exits immediately.`
}

// errFaults reports that a server had faults.
var errFaults = errors.New("the server had faults")

// Run measures and prints the reports.
func (cmd *Bench) Run(ctx context.Context, std cli.Streams, version cli.Version) (err error) {
	s, err := cmd.settings()
	if err != nil {
		return err
	}
	page, err := openPage(cmd.HTML)
	if err != nil {
		return err
	}
	doc := show.Document{Machine: show.ThisMachine(string(version)), Begun: time.Now(), Help: make(map[string]string)}
	doc.Notes = s.notes()
	failure := s.measureAll(ctx, std, &doc)
	if len(doc.Reports) == 0 {
		return errors.Join(failure, dropPage(page))
	}
	if cmd.JSON {
		err = doc.WriteJSON(std.Out)
	} else {
		err = doc.WriteTable(std.Out)
	}
	err = errors.Join(wrapIf("print the report", err), writePage(page, &doc))
	switch n := doc.Faults(); {
	case failure != nil:
		return errors.Join(failure, err)
	case err != nil:
		return err
	case n == 1:
		return fmt.Errorf("%w: 1 fault", errFaults)
	case n > 0:
		return fmt.Errorf("%w: %d faults", errFaults, n)
	}
	return nil
}

// benchSettings are the checked and typed flags of Bench.
type benchSettings struct {
	scenarios []bench.Scenario
	load      bench.Config   // without Connect and Progress
	broker    amqp.Config    // URL and exchanges
	starter   *serverStarter // nil: load.URL names a running server
	progress  bool
}

// settings checks all flags. Its error lists all that are invalid.
func (cmd *Bench) settings() (*benchSettings, error) {
	c := new(cli.Checker)
	s := &benchSettings{
		scenarios: cmd.scenarios(c),
		load: bench.Config{
			URL:        cmd.server(c),
			PID:        optionalNumber(c, "--pid", cmd.PID, 1<<30),
			Users:      optionalNumber(c, "--users", cmd.Users, 1_000_000),
			Sockets:    optionalNumber(c, "--sockets", cmd.Sockets, 10_000),
			Events:     optionalNumber(c, "--events", cmd.Events, 100_000_000),
			Rate:       optionalNumber(c, "--rate", cmd.Rate, 1_000_000),
			Connecting: c.Number("--connecting", cmd.Connecting, 1, 10_000),
		},
		broker:   amqp.Config{URL: cmd.BrokerURL(c), Config: topology.Config{Exchanges: cmd.Exchanges(c)}},
		progress: cmd.Progress,
	}
	lifetime := c.Duration("--expires-in", cmd.ExpiresIn, time.Second)
	if cmd.Duration != "" {
		s.load.Duration = c.Duration("--duration", cmd.Duration, time.Millisecond)
		if s.load.Duration >= lifetime {
			c.Fail("--expires-in", "%q: must be longer than --duration, since tokens are not renewed", cmd.ExpiresIn)
		}
	}
	signer, err := cmd.keys(c, s)
	if err != nil {
		return nil, err
	}
	audience := cli.SplitList(cmd.Audience)
	s.load.Token = func(uid event.UID) (string, error) {
		return signer.Sign(auth.Claims{UID: uid, Audience: audience, Lifetime: lifetime})
	}
	return s, nil
}

// keys returns the signer of tokens: with the given key, or with a new one for the
// servers that the command starts.
func (cmd *Bench) keys(c *cli.Checker, s *benchSettings) (*auth.Signer, error) {
	if cmd.URL != "" {
		return cmd.Signer(c)
	}
	if cmd.PID != "" {
		c.Fail("--pid", "needs --url")
	}
	if cmd.KeyFile != "" {
		c.Fail("--key-file", "needs --url: a server that the command starts gets a new key")
	}
	private, public, err := auth.GenerateKey(cmd.Alg)
	if err != nil {
		c.Fail("--alg", "%v", err)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	s.starter = &serverStarter{algorithm: cmd.Alg, audience: cmd.Audience, private: string(private), public: string(public)}
	return auth.NewSigner(cmd.Alg, string(private))
}

// scenarios returns the scenarios that the arguments name.
func (cmd *Bench) scenarios(c *cli.Checker) (named []bench.Scenario) {
	all := bench.Scenarios()
	names := []string{"all"}
	for _, s := range all {
		names = append(names, s.Name)
	}
	for _, name := range cmd.Scenario {
		c.OneOf("scenario", name, names...)
		if name == "all" {
			named = append(named, all...)
		} else if i := slices.Index(names, name); i > 0 {
			named = append(named, all[i-1])
		}
	}
	return named
}

func (cmd *Bench) server(c *cli.Checker) string {
	if cmd.URL == "" {
		return ""
	}
	return c.WebSocketURL("--url", cmd.URL)
}

// optionalNumber returns 0 for an empty value.
func optionalNumber(c *cli.Checker, name, raw string, most int) int {
	if raw == "" {
		return 0
	}
	return c.Number(name, raw, 1, most)
}

// notes returns what cannot be measured, and why.
func (s *benchSettings) notes() []string {
	switch {
	case runtime.GOOS != "linux":
		s.load.PID = 0
		return []string{"The server's CPU time and memory can be read only on Linux."}
	case s.starter == nil && s.load.PID == 0:
		return []string{"The server's CPU time and memory were not read: --pid names its process, if it runs on this machine."}
	default:
		return nil
	}
}

// measureAll runs the scenarios one after another until one fails.
func (s *benchSettings) measureAll(ctx context.Context, std cli.Streams, doc *show.Document) error {
	progress := show.NewLines(io.Discard)
	switch {
	case cli.IsTerminal(os.Stderr):
		progress = show.NewBars(std.Err)
	case s.progress:
		progress = show.NewLines(std.Err)
	}
	defer progress.End()
	for _, scenario := range s.scenarios {
		doc.Help[scenario.Name] = scenario.Help
		progress.Begin(scenario.Name)
		cfg := s.load
		cfg.Progress = progress.Report
		report, err := s.measure(ctx, scenario, cfg)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: interrupted", scenario.Name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", scenario.Name, err)
		}
		doc.Add(report)
	}
	return nil
}

// measure runs a scenario, on a server that it starts unless there is a URL.
func (s *benchSettings) measure(ctx context.Context, scenario bench.Scenario, cfg bench.Config) (report bench.Report, err error) {
	broker := s.broker
	if s.starter != nil {
		server, err := s.starter.start(ctx, scenario.Name, broker.URL)
		if err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, server.stop()) }()
		cfg.URL, cfg.Server, broker = server.url, "a server started for it", server.broker
		if runtime.GOOS == "linux" {
			cfg.PID = server.pid()
		}
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(server.ended, func() { cancel(context.Cause(server.ended)) })()
	}
	cfg.Connect = func(ctx context.Context) (bench.Publisher, error) {
		p, err := publish.NewBulk(ctx, broker.URL, broker.Exchanges)
		if err != nil {
			return nil, err
		}
		return &benchPublisher{p, context.AfterFunc(ctx, p.Close)}, nil // the end of ctx also ends a write that hangs
	}
	report, err = scenario.Run(ctx, cfg)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return report, err
}

// benchPublisher is a bench.Publisher that the end of its context closes.
type benchPublisher struct {
	*publish.Bulk
	release func() bool
}

// Close closes the connection.
func (p *benchPublisher) Close() {
	p.release()
	p.Bulk.Close()
}
