package amqp

import (
	"context"
	"log/slog"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/demux"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// Limits are limits.
type Limits = limits

// DefaultLimits returns the limits of a Config that sets none.
func DefaultLimits() Limits { return Config{}.withDefaults().limits }

// Within returns c with these limits.
func (c Config) Within(l Limits) Config {
	c.limits = l
	return c
}

// Waiting returns how many callers wait in CatchUp.
func (s *Source) Waiting() int { return s.catchUps.Count() }

// NewUndeliveredLog returns the report method of an undeliveredLog.
func NewUndeliveredLog(log *slog.Logger) func(offset uint64, exchange string, reason event.Reason) {
	return newUndeliveredLog(log).report
}

// NewHoldBack returns the holdBack method of a monitor.
func NewHoldBack() func(context.Context) error { return new(monitor).holdBack }

// Loop has a reader process into j what in diverts, over a connection that has ended,
// until something is received from fromLibrary.
func Loop(ctx context.Context, in *demux.Conn, fromLibrary <-chan amqp091.Delivery, cfg Config, j *journal.Journal, m Metrics) error {
	closed := make(chan *amqp091.Error)
	close(closed)
	r := NewSource(cfg, j, m, slog.New(slog.DiscardHandler)).newReader(fastDeliveries{in})
	r.conn, r.closed, r.cancelled = new(conn.Conn), closed, make(chan string)
	r.ended, r.acked = r.in.start(fromLibrary), time.Now()
	return r.loop(ctx)
}
