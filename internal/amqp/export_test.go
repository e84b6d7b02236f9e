package amqp

import (
	"context"
	"log/slog"
	"net"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// What the tests of pure functions need.
var (
	StreamAge      = streamAge
	ParseStreamAge = parseStreamAge
	KnowsNoStreams = knowsNoStreams
	Advice         = advice
	StreamEnd      = streamEnd
)

// Differing returns what differing reads from err.
func Differing(err error) (name string, value any, ok bool) {
	d, ok := differing(err)
	return d.name, d.value, ok
}

// NewUnroutedLog returns the report method of an unroutedLog.
func NewUnroutedLog(log *slog.Logger) func(offset uint64, exchange string, reason event.Reason) {
	return newUnroutedLog(log).report
}

// SeesMarker tells whether markers with this id see d as number n of theirs.
func SeesMarker(id string, n int64, d *amqp091.Delivery) bool {
	m := &markers{id: id}
	if read, ok := readMarker(d); ok {
		m.see(read)
	}
	return m.seen.Load() == n
}

// ReadRecord tells whether d is a marker, and which gap it is.
func ReadRecord(d *amqp091.Delivery) (marker bool, gap event.Gap, isGap bool) {
	_, marker = readMarker(d)
	gap, isGap = readGap(d)
	return marker, gap, isGap
}

// Waiting is how many wait in CatchUp.
func (s *Source) Waiting() int { return s.catchUps.count() }

// ReadBack is readBack.
const ReadBack = readBack

// Retries is retries.
type Retries struct{ *retries }

// NewRetries returns an empty one.
func NewRetries(most int) Retries { return Retries{newRetries(most)} }

// Again is again.
func (r Retries) Again(exchange, id string) bool { return r.again(exchange, id) }

// Tick is tick.
func (r Retries) Tick(at int64) { r.tick(at) }

// Held is how many ids are known, and how many places the queue has.
func (r Retries) Held() (known, queued int) { return len(r.known), len(r.queue) }

// Counter is counter.
type Counter struct{ *counter }

// NewCounter returns one for as many messages in flight.
func NewCounter(prefetch int) Counter { return Counter{newCounter(prefetch)} }

// Place is place.
func (c Counter) Place(d *amqp091.Delivery) (at journal.Position, known bool) { return c.place(d) }

// Took is took.
func (c Counter) Took(d *amqp091.Delivery) { c.took(d) }

// Settled is settled.
func (c Counter) Settled(d *amqp091.Delivery) uint64 { return c.settled(d) }

// Reconnect is reconnect.
func (c Counter) Reconnect() { c.reconnect() }

// Ask has judge look at what the witness of the exchange of Orders has.
func Ask(c *amqp091.Connection, cfg Config, judge func([]byte) error) error {
	return (&topology{conn: c, cfg: cfg}).ask(context.Background(), cfg.Exchanges.orders(), false, judge)
}

// Tidy is tidy.
func Tidy(c net.Conn) net.Conn { return tidy(c) }

// StatusAfter returns the Status after these states were entered.
func StatusAfter(states ...State) Status {
	s := &Source{status: Status{Since: time.Now()}}
	for _, state := range states {
		s.setState(state, nil)
	}
	return s.Status()
}
