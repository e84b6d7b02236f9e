package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// maxBody is the most bytes that a message may have, as by AMQP_MAX_BODY_BYTES'
// default.
const maxBody = 256 << 10

// Directory turns member ids into uids; redis.Directory is one.
type Directory interface {
	event.Directory
	// Find looks for an id that memory does not have. It may wait some seconds
	// for a directory that does not answer; the end of ctx ends it.
	Find(ctx context.Context, member string) (event.UID, bool)
}

// Feed stands in for broker and source: it numbers what is published, has it
// decoded as any delivery is, and appends it to a journal, whose only writer it is.
// It is for one goroutine.
type Feed struct {
	journal *journal.Journal
	members Directory // nil where no member id is known
	log     *slog.Logger
	next    uint64
}

// NewFeed returns a Feed that appends to j. Where members is nil, no member id is
// known.
func NewFeed(j *journal.Journal, members Directory, log *slog.Logger) *Feed {
	return &Feed{journal: j, members: members, log: log}
}

// Publish appends what d holds for each user.
func (f *Feed) Publish(ctx context.Context, d event.Delivery) error {
	outcome := f.decode(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, reason := range outcome.Undelivered {
		f.log.WarnContext(ctx, "an event of the sandbox reached nobody", "offset", f.next, "reason", string(reason))
	}
	m := journal.Message{
		Position: journal.Position{Offset: f.next, Check: journal.Check(d.Body)},
		At:       time.Now().UnixMilli(),
		Events:   outcome.Events,
	}
	if !f.journal.Append(m) {
		return errors.New("the journal has another writer")
	}
	f.next++
	return nil
}

// decode is event.Decode, with ids that memory does not have looked for.
func (f *Feed) decode(ctx context.Context, d event.Delivery) event.Outcome {
	if f.members == nil {
		return event.Decode(d, maxBody, nil)
	}
	outcome := event.Decode(d, maxBody, f.members)
	found := false
	for _, member := range outcome.Members {
		_, ok := f.members.Find(ctx, member)
		found = found || ok
	}
	if found {
		outcome = event.Decode(d, maxBody, f.members)
	}
	return outcome
}
