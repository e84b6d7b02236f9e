package toolcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/amqp/publish"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

// Audit is `ranger audit`.
type Audit struct {
	Node []string `name:"node" required:"" placeholder:"URL" help:"WebSocket URL of a node, ws://host:port/ or wss://…; repeat it for several nodes."`

	Users    string `default:"100" help:"Number of users."`
	Sockets  string `default:"1" help:"Sockets per user."`
	Rate     string `default:"100" help:"Events published per second."`
	Duration string `default:"30s" help:"Time for which events are published."`
	Settle   string `default:"30s" help:"Longest wait for the last confirms, and then for the last deliveries. The wait ends when nothing more can arrive."`
	Cut      string `default:"0s" help:"Interval at which the connection of a random socket is broken; 0s: never."`

	HeartbeatInterval string `env:"HEARTBEAT_INTERVAL" default:"15s" help:"HEARTBEAT_INTERVAL of the nodes."`

	NoRetry  bool `help:"Do not send again events that RabbitMQ has not confirmed. Clients may receive them or not."`
	JSON     bool `name:"json" help:"Print the report as one JSON object."`
	Progress bool `help:"Print progress every 5 s to standard error, even if it is not a terminal."`

	cli.SignFlags
	cli.BrokerFlags
}

// Help returns the text that --help prints before the flags.
func (Audit) Help() string {
	return `Publishes numbered orders and trades of made-up users, opens sockets of these users that reconnect and resume at any node, and compares what RabbitMQ confirmed with what the sockets received. It needs the private key that signs session tokens. No other user receives its events. Exit code 0: no event was lost, duplicated, reordered or misdelivered, and no message broke the protocol. See docs/audit.md.

  ranger audit --node ws://10.0.0.1:8080/ --node ws://10.0.0.2:8080/ --users 500 --rate 1000 --duration 1m --cut 1s

Restart nodes and brokers while it runs. Ctrl-C stops publishing and prints the report; a second Ctrl-C exits immediately.`
}

// errAudit reports that an audit did not pass.
var errAudit = errors.New("the audit failed")

// Run performs an audit and prints its report.
func (cmd *Audit) Run(ctx context.Context, std cli.Streams) error {
	cfg, err := cmd.config()
	if err != nil {
		return err
	}
	if cmd.Progress || cli.IsTerminal(os.Stderr) {
		cmd.printProgress(&cfg, std)
	}
	report, err := audit.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if cmd.JSON {
		err = json.NewEncoder(std.Out).Encode(report)
	} else {
		_, err = report.WriteTo(std.Out)
	}
	switch {
	case err != nil:
		return fmt.Errorf("print the report: %w", err)
	case report.Faults() > 0:
		return fmt.Errorf("%w: %d faults", errAudit, report.Faults())
	case !report.Passed():
		return fmt.Errorf("%w: no event was confirmed: %s", errAudit, report.LastError)
	}
	return nil
}

// config returns the configuration of the run, or an error that lists all invalid
// flags.
func (cmd *Audit) config() (audit.Config, error) {
	c := new(cli.Checker)
	broker, exchanges := cmd.BrokerURL(c), cmd.Exchanges(c)
	cfg := audit.Config{
		Nodes:     cmd.nodes(c),
		Users:     c.Number("--users", cmd.Users, 1, 100_000),
		Sockets:   c.Number("--sockets", cmd.Sockets, 1, 100),
		Rate:      c.Number("--rate", cmd.Rate, 1, 1_000_000),
		Duration:  c.Duration("--duration", cmd.Duration, time.Millisecond),
		Settle:    c.Duration("--settle", cmd.Settle, time.Millisecond),
		Cut:       c.Duration("--cut", cmd.Cut, 0),
		Heartbeat: c.Duration("HEARTBEAT_INTERVAL", cmd.HeartbeatInterval, time.Second),
		NoRetry:   cmd.NoRetry,
		Connect: func(ctx context.Context) (audit.Publisher, error) {
			p, err := publish.NewPublisher(ctx, broker, exchanges)
			return auditPublisher{p}, err
		},
	}
	lifetime := c.Duration("--expires-in", cmd.ExpiresIn, time.Second)
	signer, err := cmd.Signer(c)
	if err != nil {
		return audit.Config{}, err
	}
	audience := cli.SplitList(cmd.Audience)
	cfg.Token = func(uid event.UID) (string, error) {
		return signer.Sign(auth.Claims{UID: uid, Audience: audience, Lifetime: lifetime})
	}
	return cfg, nil
}

func (cmd *Audit) nodes(c *cli.Checker) []string {
	for _, raw := range cmd.Node {
		c.WebSocketURL("--node", raw)
	}
	return cmd.Node
}

// printProgress makes the run print its progress to standard error.
func (cmd *Audit) printProgress(cfg *audit.Config, std cli.Streams) {
	var mu sync.Mutex // keeps lines whole
	printf := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = fmt.Fprintf(std.Err, format+"\n", args...)
	}
	cfg.Started = func() { printf("all clients are connected: publishing") }
	cfg.Found = func(f audit.Finding) { printf("%s", f) }
	cfg.Progress = func(r audit.Report) {
		printf("%d published, %d confirmed, %d deliveries, %d reconnects, %d faults so far, p99 %.1f ms",
			r.Published, r.Confirmed, r.Deliveries, r.Reconnects, r.Faults(), r.P99)
	}
}

// auditPublisher adapts publish.Publisher to audit.Publisher.
type auditPublisher struct{ *publish.Publisher }

// Publish publishes d. A refused or returned message is audit.ErrNotTaken, since the
// connection can still be used.
func (p auditPublisher) Publish(ctx context.Context, d event.Delivery, id string) (audit.Confirm, error) {
	receipt, err := p.Publisher.Publish(ctx, d, id)
	return func(ctx context.Context) error {
		err := receipt.Wait(ctx)
		if errors.Is(err, publish.ErrUnroutable) || errors.Is(err, publish.ErrNacked) {
			return fmt.Errorf("%w: %w", audit.ErrNotTaken, err)
		}
		return err
	}, err
}
