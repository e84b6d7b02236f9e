package amqp

import (
	"context"
	"log/slog"
	"time"

	"ranger/internal/amqp/internal/control"
	"ranger/internal/amqp/internal/dedup"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/unresolved"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/journal"
)

// pipeline takes messages from delivery to journal. It outlives connections. The
// goroutine that reads uses it.
type pipeline struct {
	cfg         Config           // with defaults; fixed at construction
	log         *slog.Logger     // fixed at construction
	journal     *journal.Journal // fixed at construction
	metrics     Metrics          // fixed at construction
	guard       *topology.Guard  // fixed at construction
	decoder     *event.Decoder
	unresolved  unresolved.Members // shared with the monitor
	undelivered undeliveredLog

	writer     *control.Writer // of the current connection
	filter     *dedup.Filter
	pendingGap *event.Gap // announced with the next message
	lastRead   int64      // when the last message was read, Unix ms
	lastSkew   time.Time  // when a difference of clocks was last logged
}

func newPipeline(cfg Config, j *journal.Journal, g *topology.Guard, m Metrics, log *slog.Logger) *pipeline {
	var members event.Directory // nil, not an interface around nil
	if cfg.Members != nil {
		members = cfg.Members
	}
	return &pipeline{
		cfg: cfg, log: log, journal: j, metrics: m, guard: g,
		decoder:     event.NewDecoder(cfg.MaxBody, members),
		undelivered: newUndeliveredLog(log),
		filter:      dedup.New(dedup.Max),
	}
}

// process processes one message, which was received at that time. more says that
// another one is at hand.
func (r *reader) process(ctx context.Context, d *frame.Delivery, received time.Time, more bool) error {
	at, known, err := r.position(d)
	if err != nil {
		return err
	}
	p := r.pipeline
	r.read.Add(1)
	r.processing.Store(true)
	defer r.processing.Store(false)
	p.guard.Recent.Add(p.cfg.Exchanges.Kind(d.Exchange), d.Check, p.filter.Latest())
	if r.expectNext && at.Offset >= r.resumeAt { // delivery may begin with the chunk that contains it
		if err := r.verify(at); err != nil {
			return err
		}
	}
	switch {
	case known: // it was appended before
	case r.resumes && at.Offset <= r.last:
		if r.revalidating {
			p.observe(d)
		}
	default:
		m := journal.Message{
			Position: at, Lost: r.isLost(at.Offset),
			At: received.UnixMilli(), Micros: uint16(received.Nanosecond() / 1000 % 1000), //nolint:gosec // below 1000
			MoreBuffered: more,
		}
		if at.Offset < r.windowStart {
			p.observe(d)
		} else if err := p.apply(ctx, d, &m); err != nil {
			return err
		}
		if r.sequencer != nil {
			r.sequencer.Appended(d)
		}
	}
	return r.acknowledge(d, received)
}

// apply appends to the journal what users get of d, as m. If ctx ends before the
// owner is known it returns an error, and d has to be delivered again.
func (p *pipeline) apply(ctx context.Context, d *frame.Delivery, m *journal.Message) error {
	var out event.Outcome
	p.lastRead = m.At
	if marker, ok := control.ParseMarker(d); ok {
		p.observeMarker(marker)
	} else if gap, ok := control.ParseGap(d); ok {
		p.announce(gap, m)
	} else if p.filter.Duplicate(d.Exchange, d.MessageID) {
		p.metrics.Retried()
	} else {
		out = p.decode(ctx, d)
		if err := ctx.Err(); err != nil && len(out.Members) > 0 {
			p.filter.Undo(d.MessageID)
			return err
		}
		m.Events = out.Events
	}
	if p.pendingGap != nil && m.Gap == nil { // a message announces one gap
		p.pendingGap.To = max(p.pendingGap.From, m.At)
		m.Gap = p.pendingGap.Message()
		p.metrics.Gap(p.pendingGap.Reason)
		p.pendingGap = nil
	}
	p.journal.Append(*m)
	p.count(d, m, out.Undelivered)
	return nil
}

// observe takes from d, which is not appended, what later messages depend on: the
// time, and its message_id.
func (p *pipeline) observe(d *frame.Delivery) {
	if marker, ok := control.ParseMarker(d); ok {
		p.observeMarker(marker)
	} else {
		p.filter.Duplicate(d.Exchange, d.MessageID)
	}
}

// observeMarker moves the stream's time to that of a marker.
func (p *pipeline) observeMarker(m control.Marker) {
	o := dedup.Observation{Writer: m.ID, Node: m.Node, At: m.At}
	p.logSkew(o)
	p.filter.Observe(o)
	p.guard.NoteChecked(m.Checked)
	p.writer.Observe(m)
}

// logSkew logs a difference of two nodes' clocks, at most once a minute.
func (p *pipeline) logSkew(o dedup.Observation) {
	behind, ok := p.filter.Skew(o)
	if now := time.Now(); ok && now.Sub(p.lastSkew) >= time.Minute {
		p.lastSkew = now
		p.log.Warn("clocks of two nodes differ by more than a minute",
			"ahead", o.Node, "behind", behind.Node, "by", (time.Duration(o.At-behind.At) * time.Millisecond).String(),
			"advice", "set both by NTP: until then duplicates may pass, and gaps may have wrong times")
	}
}

// count counts and logs what became of d.
func (p *pipeline) count(d *frame.Delivery, m *journal.Message, undelivered []event.Reason) {
	for i := range m.Events {
		if kind := m.Events[i].Kind; kind != event.Announcement {
			p.metrics.Event(kind)
		}
	}
	for _, reason := range undelivered {
		p.metrics.Undelivered(reason)
		p.undelivered.report(m.Offset, string(d.Exchange), reason)
	}
}

// forget forgets all message_ids.
func (p *pipeline) forget() { p.filter = dedup.New(dedup.Max) }
