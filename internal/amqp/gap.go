package amqp

import (
	"cmp"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// announce puts a gap that a node recorded into m.
func (p *pipeline) announce(g event.Gap, m *journal.Message) {
	p.metrics.Gap(g.Reason)
	if g.UID == "" {
		m.Gap = g.Message()
		return
	}
	p.unresolved.Forget(g.Member, g.To)
	m.Events = []event.Event{{UID: g.UID, Kind: event.Announcement, Message: g.Message()}}
}

// deferGap announces a gap with the next message. It began at since, when a message
// before it was read, Unix ms; or at the newest marker read if that is earlier:
// what is missing may have been published long before it could have been read.
func (p *pipeline) deferGap(reason event.GapReason, since int64) {
	if latest := p.filter.Latest(); latest > 0 {
		since = min(since, latest)
	}
	if p.pendingGap != nil {
		since = min(since, p.pendingGap.From)
	}
	p.pendingGap = &event.Gap{From: since, Reason: reason}
}

// deferEntryGap defers the gap for entries that the broker cannot deliver.
func (p *pipeline) deferEntryGap() {
	p.deferGap(event.GapEntry, cmp.Or(p.lastRead, p.filter.Latest(), p.cfg.WindowStart()))
}

// deferQueueGaps defers the gaps that the state of the queue proves.
func (p *pipeline) deferQueueGaps(gone, full bool) {
	since := p.lastRead
	if since == 0 {
		since = p.cfg.WindowStart()
	}
	if gone {
		p.log.Error("the queue was gone and has been declared again; gap announced", "queue", p.cfg.Source())
		p.deferGap(event.GapStream, since)
	}
	if full {
		p.log.Error("the queue was full; gap announced", "queue", p.cfg.Source(),
			"advice", "the broker may have dropped messages: keep the node's downtime short, or raise the queue's x-max-length")
		p.deferGap(event.GapOverflow, since)
	}
}
