// Package httpserver creates the HTTP servers of the commands.
package httpserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits on a request. An upgrade to WebSocket removes both deadlines.
const (
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second // from the request's header on, including the wait for a token worker
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 32 << 10
)

// New returns a server for HTTP/1, which an upgrade requires. It logs the errors of
// connections at the level debug.
func New(handler http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:        handler,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		Protocols:      new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	return s
}

// Serve serves l until s is shut down, and closes l. A shutdown is not an error.
func Serve(s *http.Server, l net.Listener) error {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// CloseListener closes the listener of s and idle connections. Requests in progress
// continue.
func CloseListener(s *http.Server) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Shutdown(now) // does not wait for requests, because now is over
}
