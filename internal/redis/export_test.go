package redis

import (
	"context"
	"time"

	"ranger/internal/event"
)

// AnswerTimeout is the maximum time of one command.
const AnswerTimeout = answerTimeout

// FillDirectoryWithin is FillDirectory with another timeout.
func FillDirectoryWithin(ctx context.Context, cfg Config, members map[string]event.UID, timeout time.Duration) error {
	return fillDirectory(ctx, cfg, members, timeout)
}

// SetTimeout sets the maximum time of one command. It must be called before Run.
func (d *Directory) SetTimeout(timeout time.Duration) { d.timeout = timeout }

// Age moves the creation of the directory, and the last change of its health, into the
// past. It must not be called concurrently with Status.
func (d *Directory) Age(by time.Duration) {
	d.created = d.created.Add(-by)
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	d.health.since = d.health.since.Add(-by)
}
