package amqp

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
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

// deliveryOf is what the intake makes of a message; its headers can be compared, and
// not be read.
func deliveryOf(d *amqp091.Delivery) *delivery {
	return &delivery{
		tag: d.DeliveryTag, redelivered: d.Redelivered, check: journal.Check(d.Body),
		exchange: []byte(d.Exchange), messageID: []byte(d.MessageId), typ: []byte(d.Type),
		headers: fmt.Appendf(nil, "%v", d.Headers), body: d.Body,
	}
}

// SeesMarker tells whether markers with this id see d as number n of theirs.
func SeesMarker(id string, n int64, d *amqp091.Delivery) bool {
	m := &markers{id: id}
	if read, ok := readMarker(deliveryOf(d)); ok {
		m.see(read)
	}
	return m.seen.Load() == n
}

// ReadRecord tells whether d is a marker, and which gap it is.
func ReadRecord(d *amqp091.Delivery) (marker bool, gap event.Gap, isGap bool) {
	_, marker = readMarker(deliveryOf(d))
	gap, isGap = readGap(deliveryOf(d))
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
func (r Retries) Again(exchange, id string) bool { return r.again([]byte(exchange), []byte(id)) }

// Tick is tick, with a marker by this attempt.
func (r Retries) Tick(id string, at int64) { r.tick(heard{id: id, at: at}) }

// MaxHeard is maxHeard.
const MaxHeard = maxHeard

// Heard is how many markers are remembered.
func (r Retries) Heard() int { return len(r.clocks.heard) }

// TakeBack is takeBack.
func (r Retries) TakeBack(id string) { r.takeBack([]byte(id)) }

// Held is how many ids are known, and how many places the queue has.
func (r Retries) Held() (known, queued int) { return len(r.known), len(r.queue) }

// Counter is counter.
type Counter struct{ *counter }

// NewCounter returns one for as many messages in flight.
func NewCounter(prefetch int) Counter { return Counter{newCounter(prefetch)} }

// Place is place.
func (c Counter) Place(d *amqp091.Delivery) (at journal.Position, known bool) {
	return c.place(deliveryOf(d))
}

// Took is took.
func (c Counter) Took(d *amqp091.Delivery) { c.took(deliveryOf(d)) }

// Settled is settled.
func (c Counter) Settled(d *amqp091.Delivery) uint64 { return c.settled(deliveryOf(d)) }

// Reconnect is reconnect.
func (c Counter) Reconnect() { c.reconnect() }

// Remembered is remembered.
const Remembered = remembered

// Passed is passed.
type Passed struct{ passed }

// Note is note.
func (p *Passed) Note(kind event.Kind, check uint32, clock int64) { p.note(kind, check, clock) }

// Has is has.
func (p *Passed) Has(kind event.Kind, check uint32) bool { return p.has(kind, check) }

// Of returns read and last.
func (p *Passed) Of(kind event.Kind) (read uint64, last int64) { return p.read(kind), p.last(kind) }

// MaxMissed and MaxTold are maxMissed and maxTold.
const (
	MaxMissed = maxMissed
	MaxTold   = maxTold
)

// Missed is missed.
type Missed struct{ missed }

// Note is note.
func (m *Missed) Note(member string, since, now int64) bool { return m.note(member, since, now) }

// Forget is forget.
func (m *Missed) Forget(member string, to int64) { m.forget(member, to) }

// Known is known.
func (m *Missed) Known(members event.Directory) []event.Gap { return m.known(members) }

// Lookout is lookout.
type Lookout struct{ lookout }

// HoldBack is holdBack.
func (l *Lookout) HoldBack(ctx context.Context) error { return l.holdBack(ctx) }

// Topology is topology.
type Topology struct{ topology }

// NoteMade is noteMade.
func (t *Topology) NoteMade(name string) { t.noteMade(exchange{name: name}) }

// TakeMade is takeMade.
func (t *Topology) TakeMade(name string) bool { return t.takeMade(exchange{name: name}) }

// Limits are limits.
type Limits = limits

// DefaultLimits are those of a Config that sets none.
func DefaultLimits() Limits { return Config{}.withDefaults().limits }

// Within returns c with these limits.
func (c Config) Within(l Limits) Config {
	c.limits = l
	return c
}

// NewPublisherWithin is newPublisher.
func NewPublisherWithin(ctx context.Context, url string, exchanges Exchanges, l Limits) (*Publisher, error) {
	return newPublisher(ctx, url, exchanges, l)
}

// NewBulkPublisherWithin is newBulkPublisher.
func NewBulkPublisherWithin(ctx context.Context, url string, exchanges Exchanges, l Limits) (*BulkPublisher, error) {
	return newBulkPublisher(ctx, url, exchanges, l)
}

// connected is a connection that a test has opened.
func connected(c *amqp091.Connection, l Limits) *connection {
	return &connection{Connection: c, socket: c, limits: l.withDefaults()}
}

// StreamEnd is streamEnd.
func StreamEnd(ctx context.Context, c *amqp091.Connection, stream string, l Limits) (uint64, bool, error) {
	return streamEnd(ctx, connected(c, l), stream)
}

// Ask has judge look at what the witness of the exchange of Orders has.
func Ask(c *amqp091.Connection, cfg Config, l Limits, judge func([]byte) error) error {
	return (&topology{conn: connected(c, l), cfg: cfg}).ask(context.Background(), cfg.Exchanges.orders(), false, judge)
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

// Intake is intake.
type Intake struct{ *intake }

// FrameMax and HeaderMax are frameMax and headerMax.
const (
	FrameMax  = frameMax
	HeaderMax = headerMax
)

// NewIntake returns one over c for the consumer with this tag.
func NewIntake(c net.Conn, tag string, maxBody int) Intake {
	in := newIntake(maxBody)
	in.over(c)
	in.tag = tag
	return Intake{in}
}

// Tag is the consumer's.
func (i Intake) Tag() string { return i.tag }

// Most is how much of a body is kept.
func (i Intake) Most() int { return i.most }

// Waiting tells whether the connection waits for the reader.
func (i Intake) Waiting() bool { return len(i.lent) > 0 }

// Drop is drop.
func (i Intake) Drop() { i.drop() }

// Taken is a delivery, copied.
type Taken struct {
	Tag                             uint64
	Redelivered                     bool
	Offset                          uint64
	HasOffset                       bool
	Check                           uint32
	Exchange, MessageID, Type, Body string
	Headers                         map[string]event.Header
}

// InTime is inTime of a connection over i, where the broker may take so long to answer.
func (i Intake) InTime(timeout time.Duration, f func() error) error {
	return (&connection{socket: i, in: i.intake, limits: limits{Answer: timeout}}).inTime(f)
}

// Lent is where the connection comes.
func (i Intake) Lent() <-chan struct{} { return i.lent }

// Take borrows the connection, returns the deliveries that there are, with the headers
// of these names, and gives it back. It reports false where it is not lent.
func (i Intake) Take(names ...string) (all []Taken, ok bool) {
	select {
	case <-i.lent:
		return i.Once(names...), true
	default:
		return nil, false
	}
}

// Once returns the deliveries that there are on the connection, which is lent, and
// gives it back.
func (i Intake) Once(names ...string) (all []Taken) {
	defer i.giveBack()
	return i.taken(names)
}

// Own reads on the connection, which is lent, for as long as the reader would, and
// returns what came.
func (i Intake) Own(names ...string) (all []Taken) {
	defer i.giveBack()
	for {
		all = append(all, i.taken(names)...)
		if i.foreign() {
			return all
		}
		i.next()
	}
}

func (i Intake) taken(names []string) (all []Taken) {
	for n := range i.deliveries {
		all = append(all, taken(&i.deliveries[n], names))
	}
	return all
}

func taken(d *delivery, names []string) Taken {
	t := Taken{
		Tag: d.tag, Redelivered: d.redelivered, Check: d.check,
		Exchange: string(d.exchange), MessageID: string(d.messageID), Type: string(d.typ), Body: string(d.body),
		Headers: make(map[string]event.Header),
	}
	t.Offset, t.HasOffset = d.offset()
	for _, name := range names {
		if h := d.Header(name); h.Kind != event.NoHeader {
			h.Text = slices.Clone(h.Text)
			t.Headers[name] = h
		}
	}
	return t
}

// DialIntake opens a connection to a broker with an intake.
func DialIntake(ctx context.Context, url string, maxBody int) (*amqp091.Connection, Intake, error) {
	in := newIntake(maxBody)
	c, err := dial(ctx, url, "intake", in, limits{Handshake: time.Hour, Heartbeat: time.Hour})
	if err != nil {
		return nil, Intake{}, err
	}
	return c.Connection, Intake{in}, nil
}

// Loop has a reader take into j what i holds, over a connection that has ended, until
// it sees what the library's consumer says.
func Loop(ctx context.Context, i Intake, ended <-chan amqp091.Delivery, cfg Config, j *journal.Journal, m Metrics) error {
	closed := make(chan *amqp091.Error)
	close(closed)
	r := &reader{
		src: NewSource(cfg, j, m, slog.New(slog.DiscardHandler)), in: i.intake,
		conn: &connection{}, closed: closed, cancelled: make(chan string), acked: time.Now(),
	}
	return r.loop(ctx, ended)
}
