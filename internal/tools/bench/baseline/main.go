// Command baseline is the yardstick of `make bench`: the least work that takes orders
// and trades from RabbitMQ to their owners' sockets with the libraries that ranger uses.
// It has no history, resuming, reconnects, pings, limits or validation. The cost of
// these in ranger shows in the ratio of the two programs.
//
// It reads the environment of `ranger serve`, as far as it knows the variables, and logs
// the same two lines when it listens and when it consumes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done or the connection to the broker ends.
func run(ctx context.Context, args []string, env func(string) string, stderr io.Writer) error {
	cfg, err := configure(args, env)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	users := newUsers()
	feed, err := connect(cfg, users)
	if err != nil {
		return err
	}
	defer feed.close()

	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cfg.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := http.Server{Handler: &handler{users: users, parser: cfg.parser, key: cfg.key}, ReadHeaderTimeout: 10 * time.Second}
	log.InfoContext(ctx, "listening for clients", "url", "ws://"+listener.Addr().String()+"/")
	log.InfoContext(ctx, "caught up")

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return feed.run(ctx) })
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		err := server.Close()
		users.close()
		return err
	})
	return g.Wait()
}
