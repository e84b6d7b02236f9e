package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

type auditCommand struct {
	Node []string `name:"node" required:"" placeholder:"URL" help:"A node's sockets, ws://host:port/ or wss://…; may be given several times."`

	Users    string `default:"100" help:"How many users there are."`
	Sockets  string `default:"1" help:"How many sockets each has."`
	Rate     string `default:"100" help:"How many events are published a second."`
	Duration string `default:"30s" help:"For how long."`
	Settle   string `default:"30s" help:"Longest wait for the last confirms, then for the last deliveries; ends earlier if nothing more can arrive."`
	Cut      string `default:"0s" help:"How often the connection of one socket, any, is broken; 0s: never."`

	HeartbeatInterval string `env:"HEARTBEAT_INTERVAL" default:"15s" help:"How often nodes send a heartbeat: what HEARTBEAT_INTERVAL says there."`

	NoRetry  bool `help:"Do not send again what RabbitMQ has not confirmed; it may then arrive, or not."`
	JSON     bool `name:"json" help:"Print the report as one JSON object."`
	Progress bool `help:"Tell progress every 5 s on standard error, also where it is no terminal."`

	signFlags
	brokerFlags
}

// Help is what --help says beside the flags.
func (auditCommand) Help() string {
	return `Publishes numbered Orders and Trades of users that it makes up, connects sockets of theirs that reconnect and resume at any of the nodes, and compares what was confirmed with what arrived. It needs the private key, so run it against a system whose tokens you can sign. Its events reach nobody else. Exit code 0: nothing was lost, came twice, out of order or to the wrong user, or broke the protocol. docs/audit.md says more.

  ranger audit --node ws://10.0.0.1:8080/ --node ws://10.0.0.2:8080/ --users 500 --rate 1000 --duration 1m --cut 1s

Meanwhile, restart nodes and brokers. Ctrl-C: stops publishing and reports; twice: at once.`
}

// errAudit says that the report has faults.
var errAudit = errors.New("the audit failed")

// Run makes a run and prints what was found.
func (cmd *auditCommand) Run(ctx context.Context, std streams) error {
	cfg, err := cmd.config()
	if err != nil {
		return err
	}
	if cmd.Progress || isTerminal(os.Stderr) {
		cmd.tell(&cfg, std)
	}
	report, err := audit.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if cmd.JSON {
		err = json.NewEncoder(std.out).Encode(report)
	} else {
		_, err = report.WriteTo(std.out)
	}
	switch {
	case err != nil:
		return fmt.Errorf("print the report: %w", err)
	case report.Faults() > 0:
		return fmt.Errorf("%w: %d faults", errAudit, report.Faults())
	case !report.Good():
		return fmt.Errorf("%w: no event was confirmed: %s", errAudit, report.Trouble)
	}
	return nil
}

// config returns the run's, or all that is wrong with the flags.
func (cmd *auditCommand) config() (audit.Config, error) {
	c := new(checker)
	broker, exchanges := cmd.url(c), cmd.exchanges(c)
	cfg := audit.Config{
		Nodes:     cmd.nodes(c),
		Users:     c.number("--users", cmd.Users, 1, 100_000),
		Sockets:   c.number("--sockets", cmd.Sockets, 1, 100),
		Rate:      c.number("--rate", cmd.Rate, 1, 1_000_000),
		Duration:  c.duration("--duration", cmd.Duration, time.Millisecond),
		Settle:    c.duration("--settle", cmd.Settle, time.Millisecond),
		Cut:       c.duration("--cut", cmd.Cut, 0),
		Heartbeat: c.duration("HEARTBEAT_INTERVAL", cmd.HeartbeatInterval, time.Second),
		NoRetry:   cmd.NoRetry,
		Connect: func(ctx context.Context) (audit.Publisher, error) {
			p, err := amqp.NewPublisher(ctx, broker, exchanges)
			return connection{p}, err
		},
	}
	lifetime := c.duration("--expires-in", cmd.ExpiresIn, time.Second)
	signer, err := cmd.signer(c)
	if err != nil {
		return audit.Config{}, err
	}
	audience := splitList(cmd.Audience)
	cfg.Token = func(uid event.UID) (string, error) {
		return signer.Sign(auth.Claims{UID: uid, Audience: audience, Lifetime: lifetime})
	}
	return cfg, nil
}

func (cmd *auditCommand) nodes(c *checker) []string {
	for _, raw := range cmd.Node {
		if u, err := url.Parse(raw); err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Hostname() == "" || !validPort(u.Port()) {
			c.fail("--node", "%q: must be like ws://localhost:8080/ or wss://push.example.com/", raw)
		}
	}
	return cmd.Node
}

// tell makes the run say how it goes.
func (cmd *auditCommand) tell(cfg *audit.Config, std streams) {
	var mu sync.Mutex // lines do not mix
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(std.err, format+"\n", args...)
	}
	cfg.Started = func() { say("all clients are connected: publishing") }
	cfg.Found = func(f audit.Finding) { say("%s", f) }
	cfg.Progress = func(r audit.Report) {
		say("%d published, %d confirmed, %d deliveries, %d reconnects, %d faults so far, p99 %.1f ms",
			r.Published, r.Confirmed, r.Deliveries, r.Reconnects, r.Faults(), r.P99)
	}
}

// connection is a audit.Publisher.
type connection struct{ *amqp.Publisher }

// Publish is the publisher's; that a message was refused or returned says
// nothing about the connection.
func (c connection) Publish(ctx context.Context, d event.Delivery, id string) (audit.Confirm, error) {
	receipt, err := c.Publisher.Publish(ctx, d, id)
	return func(ctx context.Context) error {
		err := receipt.Wait(ctx)
		if errors.Is(err, amqp.ErrUnrouted) || errors.Is(err, amqp.ErrRefused) {
			return fmt.Errorf("%w: %w", audit.ErrNotTaken, err)
		}
		return err
	}, err
}
