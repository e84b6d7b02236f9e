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

	"golang.org/x/sync/errgroup"

	"ranger/cmd/ranger/internal/httpserver"
	"ranger/internal/hub"
)

// daemon serves the hub to clients, and health and metrics to operators.
type daemon struct {
	settings
	log      *slog.Logger
	hub      *hub.Hub
	stopping atomic.Bool // set when the drain begins

	public, private    net.Listener // private is nil if OPS_ADDR is off
	clients, operators *http.Server
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
	d.clients, d.operators = httpserver.New(d.hub, d.log), httpserver.New(operators, d.log)
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
	g.Go(func() error { return httpserver.Serve(d.clients, d.public) })
	if d.private != nil {
		d.log.Info("listening for operators", "url", "http://"+d.private.Addr().String())
		g.Go(func() error { return httpserver.Serve(d.operators, d.private) })
	}
}

// stopAfter waits for the end of ctx, or for a component that fails and so ends work;
// then it stops the service.
func (d *daemon) stopAfter(ctx, work context.Context) error {
	select {
	case <-ctx.Done():
	case <-work.Done():
	}
	d.stop(work)
	return nil
}

// stop ends the service in order: readiness, the clients' listener, the sockets over
// DRAIN_PERIOD, the operators' listener.
func (d *daemon) stop(ctx context.Context) {
	d.stopping.Store(true)
	open, _ := d.hub.Sockets()
	d.log.InfoContext(ctx, "stopping", "sockets", open, "drain_period", d.drain.String())
	httpserver.CloseListener(d.clients)
	d.hub.Drain(ctx, d.drain)
	_ = d.clients.Close()
	if d.private != nil {
		_ = d.operators.Close()
	}
	d.log.InfoContext(ctx, "stopped")
}
