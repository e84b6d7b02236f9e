// Package outage logs that the broker is away: once for each host with what to do, then
// once a minute. The other attempts are logged at level debug.
package outage

import (
	"context"
	"log/slog"
	"time"

	"ranger/internal/amqp/internal/conn"
)

// interval is the time between two lines about an outage that lasts.
const interval = time.Minute

// Log logs outages. One goroutine may use it at a time.
type Log struct {
	log      *slog.Logger
	attempts int             // that failed since the last outage ended
	hosts    map[string]bool // that failed since then
	begun    time.Time       // first failure since then
	logged   time.Time       // last line
}

// New returns a Log that writes to log.
func New(log *slog.Logger) *Log { return &Log{log: log, hosts: make(map[string]bool)} }

// Failed notes that the connection to a host ended or did not open.
func (l *Log) Failed(ctx context.Context, host string, err error) {
	now := time.Now()
	if l.attempts++; l.attempts == 1 {
		l.begun = now
	}
	attrs := []any{"host", host, "error", err, "advice", conn.Advice(err), "attempts", l.attempts, "seconds", int(now.Sub(l.begun).Seconds())}
	switch {
	case !l.hosts[host]:
		l.hosts[host], l.logged = true, now
		l.log.ErrorContext(ctx, "lost the broker, will reconnect", attrs...)
	case now.Sub(l.logged) >= interval:
		l.logged = now
		l.log.ErrorContext(ctx, "the broker is still away", attrs...)
	default:
		l.log.DebugContext(ctx, "lost the broker, will reconnect", attrs...)
	}
}

// Over notes that the node follows the stream again.
func (l *Log) Over() {
	l.attempts = 0
	clear(l.hosts)
}
