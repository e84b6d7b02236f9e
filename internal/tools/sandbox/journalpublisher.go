package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// maxBody is the largest message in bytes, as the default of AMQP_MAX_BODY_BYTES.
const maxBody = 256 << 10

// Directory maps member ids to uids, as redis.Directory does.
type Directory interface {
	event.Directory
	// Find looks up an id that is not in memory. It may wait some seconds for a
	// directory that does not answer. It ends when ctx is done.
	Find(ctx context.Context, member string) (event.UID, bool)
}

// JournalPublisher replaces broker and source: it numbers each event, decodes it as any
// delivery, and appends it to a journal, whose only writer it is. One goroutine uses it.
type JournalPublisher struct {
	journal *journal.Journal
	members Directory // nil: no member id is known
	log     *slog.Logger
	next    uint64
}

// NewJournalPublisher returns a publisher that appends to j. If members is nil, no member
// id is known.
func NewJournalPublisher(j *journal.Journal, members Directory, log *slog.Logger) *JournalPublisher {
	return &JournalPublisher{journal: j, members: members, log: log}
}

// Publish appends the events of d for its users.
func (f *JournalPublisher) Publish(ctx context.Context, d event.Delivery) error {
	outcome := f.decode(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, reason := range outcome.Undelivered {
		f.log.WarnContext(ctx, "event of the sandbox has no recipient", "offset", f.next, "reason", string(reason))
	}
	m := journal.Message{
		Position: journal.Position{Offset: f.next, Check: event.Check(d.Body)},
		At:       time.Now().UnixMilli(),
		Events:   outcome.Events,
	}
	if !f.journal.Append(m) {
		return errors.New("the journal has another writer")
	}
	f.next++
	return nil
}

// decode is event.Decode, after looking up ids that are not in memory.
func (f *JournalPublisher) decode(ctx context.Context, d event.Delivery) event.Outcome {
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
