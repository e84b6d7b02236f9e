package main

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/amqp"
	"ranger/internal/amqp/brokerurl"
	"ranger/internal/auth"
	"ranger/internal/gctuner"
	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/ops"
	"ranger/internal/redis"
)

type serveCommand struct{ serveFlags }

// Help returns the text of --help that precedes the flags.
func (serveCommand) Help() string {
	return `Push each event to the sockets of its user, which the session token of a socket names. Each flag can also be set as the environment variable that is shown with it, or in a file .env. A key for tokens is required, usually JWT_PUBLIC_KEY.

Signals:
  SIGTERM, SIGINT: drain connections over DRAIN_PERIOD, then exit. A second signal exits immediately.
  SIGHUP: reload JWT_PUBLIC_KEY_FILE and the certificate.

Exit codes: 0 after one signal, 2 for an invalid configuration, 1 for any other error and after a second signal. If the broker is unreachable, the server does not exit but reconnects.`
}

// Run serves until ctx is done.
func (cmd *serveCommand) Run(ctx context.Context, std cli.Streams) error {
	s, err := cmd.settings()
	if err != nil {
		return err
	}
	log := cli.NewLogger(std.Err, s.logLevel, s.logJSON).With("node", s.node)
	metrics := ops.NewMetrics(s.node, version, auth.Reasons(), hub.CloseCodes())

	s.auth.Log, s.auth.Metrics = log, metrics
	verifier, err := auth.New(s.auth)
	if err != nil {
		return err
	}
	directory, err := newDirectory(s.members, metrics, log)
	if err != nil {
		return err
	}
	if directory != nil {
		s.broker.Members = directory
	}
	window := journal.New(s.journal)
	source := amqp.NewSource(s.broker, window, metrics, log)
	s.hub.Ready = func() bool { return source.Status().CaughtUp && settled(directory) }
	if !s.broker.Queue { // the positions of a queue exist in this process only, so none is ahead
		s.hub.CatchUp = source.CatchUp
	}
	sockets := hub.New(s.hub, window, verifier, metrics, log)

	metrics.WatchSockets(sockets.Sockets)
	metrics.WatchWindow(window.Stats)
	metrics.WatchSource(stateNames(), func() string { return source.Status().State.String() })
	metrics.WatchHost(brokerurl.Hosts(s.broker.URL), func() string { return source.Status().Host })

	d := daemon{settings: s, log: log, hub: sockets}
	if err := d.listen(ctx, ops.Handler(metrics, func() ops.Readiness {
		return readiness(&s, source.Status(), window, directory, d.stopping.Load())
	})); err != nil {
		return err
	}

	// All components work on while clients are disconnected, then end together.
	work, finish := context.WithCancel(context.WithoutCancel(ctx))
	defer finish()
	g, work := errgroup.WithContext(work)
	if os.Getenv("GOGC") == "" {
		g.Go(func() error { return gctuner.Run(work, s.journal.Memory) })
	}
	g.Go(func() error { return verifier.Run(work) })
	if directory != nil {
		g.Go(func() error { return directory.Run(work) })
	}
	g.Go(func() error { return source.Run(work) })
	g.Go(func() error { return sockets.Run(work) })
	g.Go(func() error { return d.reload(work, verifier) })
	d.serve(g)
	g.Go(func() error {
		defer finish()
		return d.stopAfter(ctx, work)
	})
	return g.Wait()
}

// readiness reports whether this node should receive clients.
func readiness(s *settings, status amqp.Status, window *journal.Journal, directory *redis.Directory, stopping bool) ops.Readiness {
	r := ops.Readiness{Node: s.node, Source: status.State.String(), Broker: status.Host, Redis: redisState(directory)}
	if last, ok := window.Last(); ok {
		r.Position = last.String()
	}
	switch {
	case stopping:
		r.Reason = "the node is stopping"
	case status.State == amqp.Following && settled(directory):
		r.Ready = true
	case status.State == amqp.Following:
		r.Reason = "the member directory is being loaded"
	case status.Error != nil:
		r.Reason = fmt.Sprintf("the source is %s since %s: %v", r.Source, status.Since.UTC().Format("15:04:05Z"), status.Error)
	default:
		r.Reason = "the source is " + r.Source
	}
	return r
}

// stateNames returns the names of all states of the source.
func stateNames() []string {
	var names []string
	for _, s := range amqp.States() {
		names = append(names, s.String())
	}
	return names
}
