package hubtest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"ranger/internal/hub"
)

// Serve serves h on l, and runs it, until the test ends. Then it cuts all sockets off, and
// fails the test if one is left. stop ends h.Run before that, and waits for it.
func Serve(tb testing.TB, h *hub.Hub, l net.Listener, log *slog.Logger) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background()) //nolint:usetesting // t.Context is done before the cleanup
	web := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}
	var serving, running sync.WaitGroup
	serving.Go(func() { _ = web.Serve(l) })
	running.Go(func() { _ = h.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	tb.Cleanup(func() {
		cut, now := context.WithCancel(ctx)
		now()
		h.Drain(cut, 0)
		stop()
		_ = web.Close()
		serving.Wait()
		if open, authenticated := h.Sockets(); open != 0 || authenticated != 0 {
			tb.Errorf("%d sockets, %d authenticated, are left; want none", open, authenticated)
		}
	})
	return stop
}
