package amqp

import (
	"context"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/scan"
	"ranger/internal/event"
)

// maxCrashes is how many connections in a row may crash at one offset until the next one
// reads message by message.
const maxCrashes = 2

// passage gets a Source past entries of the stream that the broker cannot deliver: it
// ends the connection each time that one is due (docs/adr/0032). It is owned by Run.
type passage struct {
	next    uint64 // offset after the last message read; 0 if none was
	crashes int    // how many connections in a row crashed there
	// singly makes the next connection read message by message: what arrives just before
	// a crash may otherwise be lost with the connection each time.
	singly bool
	stuck  bool // that one crashed, too

	// Where the next connection begins, if set: not where the journal ends.
	set  bool
	from uint64
	// skipped is how many entries before from were skipped and are not yet announced.
	skipped uint64
	// windowStart is reader.windowStart, if windowSet.
	windowSet   bool
	windowStart uint64
}

// note notes how a connection ended, and the offset after the last message that was read.
func (p *passage) note(next uint64, err error) {
	switch {
	case !conn.IsCrash(err):
		p.crashes = 0
	case p.singly:
		p.crashes, p.stuck = 0, true
	case next != p.next:
		p.crashes = 1
	default:
		p.crashes++
	}
	p.next, p.singly = next, p.crashes >= maxCrashes
}

// pass finds out where reading can go on, if it is stuck.
func (s *Source) pass(ctx context.Context) error {
	p := &s.passage
	p.stuck = false
	prober := scan.Prober{
		Dial: func(ctx context.Context) (*conn.Conn, error) {
			return s.hosts.Again(ctx, conn.Options{Name: "ranger " + s.cfg.Node + " probes", Timeouts: s.cfg.limits.Timeouts})
		},
		Stream: s.cfg.Stream, Timeout: s.cfg.limits.Window,
	}
	if p.next == 0 {
		return s.passStart(ctx, &prober)
	}
	from, err := prober.Next(ctx, p.next)
	if err != nil || from == p.next {
		return err
	}
	p.set, p.from = true, from
	p.skipped += from - p.next
	for offset := p.next; offset < from; offset++ {
		s.pipeline.metrics.Undelivered(event.Undeliverable)
	}
	s.log.ErrorContext(ctx, "the broker cannot deliver entries of the stream; skipped, gap announced",
		"stream", s.cfg.Stream, "offset", p.next, "entries", from-p.next,
		"advice", "let publishers use AMQP 0-9-1: what others of the broker's protocols store may not be readable over it")
	return nil
}

// passStart finds out where to begin if the broker cannot deliver the entry at which the
// window begins, or at which the messages before it do.
func (s *Source) passStart(ctx context.Context, prober *scan.Prober) error {
	p := &s.passage
	from, err := prober.Oldest(ctx, s.cfg.Window+readBack)
	if err != nil {
		return err
	}
	windowStart, err := prober.Oldest(ctx, s.cfg.Window)
	if err != nil {
		return err
	}
	p.set, p.from, p.windowSet, p.windowStart = true, from, true, windowStart
	return nil
}

// follow makes r begin where p says, if it is to be. r's windowStart is not known yet.
func (p *passage) follow(r *reader) {
	if p.singly {
		r.singly, r.cfg.Prefetch = true, 1
	}
	if !p.set {
		return
	}
	if r.resumes && r.resumeAt >= p.from {
		*p = passage{next: p.next, crashes: p.crashes} // a message after it was read
		return
	}
	r.skips, r.resumeAt = true, p.from
	r.last, r.started = p.from-1, true
	if r.resumes {
		r.expected, r.expectNext = r.journal.Next(p.from - 1)
	}
}

// announce defers the gap for what was skipped, unless it was before r's window.
func (p *passage) announce(r *reader) {
	if p.skipped > 0 && (r.resumes || p.from > r.windowStart) {
		r.pipeline.deferEntryGap()
	}
	p.skipped = 0
}
