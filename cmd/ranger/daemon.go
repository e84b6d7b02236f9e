package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ranger/internal/hub"
)

// Limits on a request before the upgrade, or to the operators' listener.
const (
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second // from the request's header on, including the wait for a token worker
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 32 << 10
)

// daemon serves the hub to clients, and health and metrics to operators.
type daemon struct {
	settings
	log      *slog.Logger
	hub      *hub.Hub
	stopping atomic.Bool // set when the drain begins

	public, private    net.Listener // private is nil if OPS_ADDR is off
	clients, operators http.Server
}

// listen opens both listeners, so that an invalid address is reported at once.
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
		// An upgrade removes both deadlines.
		s.ReadTimeout, s.WriteTimeout = readTimeout, writeTimeout
		s.IdleTimeout, s.MaxHeaderBytes = idleTimeout, maxHeaderBytes
		s.ErrorLog = slog.NewLogLogger(d.log.Handler(), slog.LevelDebug)
		s.Protocols = new(http.Protocols)
		s.Protocols.SetHTTP1(true) // required for an upgrade
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
	g.Go(func() error { return ignoreClosed(d.clients.Serve(d.public)) })
	if d.private != nil {
		d.log.Info("listening for operators", "url", "http://"+d.private.Addr().String())
		g.Go(func() error { return ignoreClosed(d.operators.Serve(d.private)) })
	}
}

// ignoreClosed returns nil for the error of a server that was shut down.
func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stop ends the service in order: readiness, the clients' listener, the sockets over
// DRAIN_PERIOD, the operators' listener.
func (d *daemon) stop(ctx context.Context) {
	d.stopping.Store(true)
	open, _ := d.hub.Sockets()
	d.log.InfoContext(ctx, "stopping", "sockets", open, "drain_period", d.drain.String())
	now, cancel := context.WithCancel(ctx)
	cancel()
	_ = d.clients.Shutdown(now) // closes the listener; current requests continue
	d.hub.Drain(ctx, d.drain)
	_ = d.clients.Close()
	if d.private != nil {
		_ = d.operators.Close()
	}
	d.log.InfoContext(ctx, "stopped")
}
