package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"ranger/internal/amqp"
	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/ops"
	"ranger/internal/redis"
	"ranger/internal/tools/sandbox"
)

type sandboxCommand struct{ sandboxFlags }

// Help is what --help says beside the flags.
func (sandboxCommand) Help() string {
	return `A toy exchange with ranger inside, on one port of this machine: a page to watch it, sockets, and the API of Peatio and Barong as far as orders and API keys go. Two users are there to log in, bots keep two markets moving, and its address, their passwords and commands to paste are printed at start. Nothing has to be installed, nothing is kept.

With --rabbitmq-url the exchange publishes to a RabbitMQ as Peatio does, and ranger reads from there; with --redis-url it names users by member ids in the headers, as an unmodified Peatio does, and ranger looks up in Redis whose they are.

  ranger sandbox
  ranger sandbox --rabbitmq-url amqp://localhost`
}

// Run runs the sandbox until ctx is done.
func (cmd *sandboxCommand) Run(ctx context.Context, std streams) error {
	s, err := cmd.settings()
	if err != nil {
		return err
	}
	log := newLogger(std.err, s.logLevel, false)
	metrics := ops.NewMetrics(s.broker.Node, version, auth.Reasons())
	verifier, err := auth.New(auth.Config{
		Algorithm: "RS256", Keys: s.keys, Audience: []string{"peatio"}, IssuedAtLeeway: 3 * time.Minute, UIDClaim: "uid",
		Log: log, Metrics: metrics,
	})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.listen) // where the port is in use nothing else is done
	if err != nil {
		return fmt.Errorf("listen on --host and --port: %w", err)
	}
	defer listener.Close() //nolint:errcheck // the server does it, where we come so far

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
	server := http.Server{
		Handler: toy, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true) // an upgrade needs it

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
		if events.catchUp != nil && events.catchUp(work) != nil { // what is published before the stream is bound is nobody's
			return nil // the end came first
		}
		return toy.Run(work)
	})
	g.Go(func() error { return ignoreClosed(server.Serve(listener)) })
	g.Go(func() error { return sandbox.Welcome(std.out, listener.Addr().String(), s.rabbitmq) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
		case <-work.Done(): // one of them failed
		}
		now, cancel := context.WithCancel(work)
		cancel()
		_ = server.Shutdown(now) // closes the listener; requests under way go on
		soon, cancel := context.WithTimeout(work, time.Second)
		defer cancel()
		sockets.Drain(soon, 0) // and cuts who does not answer
		_ = server.Close()
		finish()
		return nil
	})
	return g.Wait()
}

// events are the way of the sandbox's events into the journal.
type events struct {
	publish func(context.Context, event.Delivery) error
	runs    []func(context.Context) error // what publish needs beside it
	close   func()                        // once nothing is published any more
	ready   func() bool                   // nil: always
	catchUp func(context.Context) error   // nil: the journal never lags
}

// events makes what events need: a feed of our own, or a publisher and a source on
// RabbitMQ, and the member directory where there is a Redis.
func (s *sandboxSettings) events(ctx context.Context, window *journal.Journal, metrics *ops.Metrics, log *slog.Logger) (events, error) {
	e := events{close: func() {}}
	var members sandbox.Directory
	if s.members.URL != "" {
		directory, err := s.fillDirectory(ctx, log)
		if err != nil {
			return events{}, err
		}
		e.runs = append(e.runs, directory.Run)
		e.ready = func() bool { return settled(directory) }
		members, s.broker.Members = directory, directory
	}
	if s.broker.URL == "" {
		e.publish = sandbox.NewFeed(window, members, log).Publish
	} else {
		source := amqp.NewSource(s.broker, window, metrics, log)
		e.runs = append(e.runs, source.Run)
		settled := e.ready
		e.ready = func() bool { return source.Status().CaughtUp && (settled == nil || settled()) }
		e.catchUp = source.CatchUp
		broker := sandbox.NewBroker(s.broker.URL, s.broker.Exchanges, log)
		e.publish, e.close = broker.Publish, broker.Close
	}
	if members != nil {
		e.publish = sandbox.ByMemberID(e.publish)
	}
	return e, nil
}

// fillDirectory writes the sandbox's users into Redis, and returns what looks them
// up there.
func (s *sandboxSettings) fillDirectory(ctx context.Context, log *slog.Logger) (*redis.Directory, error) {
	if err := redis.FillDirectory(ctx, s.members, sandbox.Members()); err != nil {
		return nil, fmt.Errorf("write the member directory (--redis-url, MEMBER_DIRECTORY): %w", err)
	}
	return redis.NewDirectory(s.members, log)
}
