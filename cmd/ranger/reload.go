package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"ranger/internal/auth"
)

// reload reads the keys and the certificate again on each SIGHUP, until ctx is done. If
// they are invalid, the previous ones remain in use.
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
		d.log.ErrorContext(ctx, "keys not reloaded, the previous ones remain in use", "error", err,
			"advice", "check JWT_PUBLIC_KEY_FILE")
		return
	}
	d.log.InfoContext(ctx, "keys reloaded")
}

func (d *daemon) reloadCertificate(ctx context.Context) {
	if d.tls == nil {
		return
	}
	if err := d.tls.load(); err != nil {
		d.log.ErrorContext(ctx, "certificate not reloaded, the previous one remains in use", "error", err,
			"advice", "check WEBSOCKET_SSL_CERT and WEBSOCKET_SSL_KEY")
		return
	}
	d.log.InfoContext(ctx, "certificate reloaded")
}
