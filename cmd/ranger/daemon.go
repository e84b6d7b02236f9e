package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"ranger/internal/auth"
)

// Bounds on what a client may send before the upgrade.
const (
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second // from the request's header on, the wait for a worker included
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 32 << 10
)

// listen opens both listeners, so that a wrong address is told at once.
func (d *daemon) listen(ctx context.Context, operators http.Handler) error {
	var lc net.ListenConfig
	var err error
	if d.public, err = lc.Listen(ctx, "tcp", d.settings.listen); err != nil {
		return fmt.Errorf("listen for clients (WEBSOCKET_HOST, WEBSOCKET_PORT): %w", err)
	}
	if d.ops != "" {
		if d.private, err = lc.Listen(ctx, "tcp", d.ops); err != nil {
			return errors.Join(fmt.Errorf("listen for operators (OPS_ADDR): %w", err), d.public.Close())
		}
	}
	d.clients.Handler, d.operators.Handler = d.hub, operators
	for _, s := range []*http.Server{&d.clients, &d.operators} {
		// An upgrade lifts both deadlines.
		s.ReadTimeout, s.WriteTimeout = readTimeout, writeTimeout
		s.IdleTimeout, s.MaxHeaderBytes = idleTimeout, maxHeaderBytes
		s.ErrorLog = slog.NewLogLogger(d.log.Handler(), slog.LevelDebug)
		s.Protocols = new(http.Protocols)
		s.Protocols.SetHTTP1(true) // an upgrade needs it
	}
	return nil
}

// serve starts both servers in g.
func (d *daemon) serve(g *errgroup.Group) {
	scheme := "ws"
	if c := d.tlsConfig(); c != nil {
		scheme = "wss"
		d.public = tls.NewListener(d.public, c)
	}
	d.log.Info("listening for clients", "url", scheme+"://"+d.public.Addr().String(), "version", version, "io_mode", d.ioMode())
	g.Go(func() error { return closedIsFine(d.clients.Serve(d.public)) })
	if d.private != nil {
		d.log.Info("listening for operators", "url", "http://"+d.private.Addr().String())
		g.Go(func() error { return closedIsFine(d.operators.Serve(d.private)) })
	}
}

func closedIsFine(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stop ends the service in order: readiness, listener, sockets, operators'
// listener.
func (d *daemon) stop(ctx context.Context) {
	d.stopping.Store(true)
	open, _ := d.hub.Sockets()
	d.log.InfoContext(ctx, "stopping", "sockets", open, "drain_period", d.drain.String())
	now, cancel := context.WithCancel(ctx)
	cancel()
	_ = d.clients.Shutdown(now) // closes the listener; requests under way go on
	d.hub.Drain(ctx, d.drain)
	_ = d.clients.Close()
	if d.private != nil {
		_ = d.operators.Close()
	}
	d.log.InfoContext(ctx, "stopped")
}

// reload reads keys and certificate again at each SIGHUP, until ctx is done.
// What is bad leaves the old in use.
func (d *daemon) reload(ctx context.Context, v *auth.Verifier) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
		}
		d.reloadKeys(ctx, v)
		d.reloadCertificate(ctx)
	}
}

func (d *daemon) reloadKeys(ctx context.Context, v *auth.Verifier) {
	if d.tokens.JwtPublicKeyFile == "" {
		return
	}
	if err := d.tokens.reload(v); err != nil {
		d.log.ErrorContext(ctx, "keys not reloaded, the old ones stay", "error", err)
		return
	}
	d.log.InfoContext(ctx, "keys reloaded")
}

func (d *daemon) reloadCertificate(ctx context.Context) {
	if d.tls == nil {
		return
	}
	if err := d.tls.load(); err != nil {
		d.log.ErrorContext(ctx, "certificate not reloaded, the old one stays; see WEBSOCKET_SSL_CERT and WEBSOCKET_SSL_KEY", "error", err)
		return
	}
	d.log.InfoContext(ctx, "certificate reloaded")
}
