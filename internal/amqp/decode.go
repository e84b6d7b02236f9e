package amqp

import (
	"context"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/unresolved"
	"ranger/internal/event"
)

// maxMember is the longest member id in digits that is looked for: integers of
// databases have up to 20.
const maxMember = 40

// decode decodes d. It looks for member ids that are not in memory, and notes those
// that are not found, unless ctx has ended.
func (p *pipeline) decode(ctx context.Context, d *frame.Delivery) event.Outcome {
	kind := p.cfg.Exchanges.Kind(d.Exchange)
	out := p.decoder.Decode(kind, d, d.Body)
	if len(out.Members) == 0 || p.cfg.Members == nil {
		return out
	}
	p.journal.EndBatch() // Find may take long
	found := false
	for _, member := range out.Members {
		if len(member) <= maxMember {
			_, ok := p.cfg.Members.Find(ctx, member)
			found = found || ok
		}
	}
	if found {
		out = p.decoder.Decode(kind, d, d.Body)
	}
	if ctx.Err() != nil {
		return out
	}
	for _, member := range out.Members {
		if len(member) <= maxMember && !p.unresolved.Add(member, p.filter.Latest(), p.lastRead) {
			p.log.WarnContext(ctx, "too many unknown member ids", "ids", unresolved.Max,
				"advice", "fill MEMBER_DIRECTORY: not all of their users will get a gap when it knows them")
		}
	}
	return out
}
