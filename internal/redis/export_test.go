package redis

import (
	"context"
	"time"

	"ranger/internal/event"
)

// AnswerTime is how long a command may take at most.
const AnswerTime = answerTime

// FillDirectoryWithin is FillDirectory that waits for Redis for as long as within.
func FillDirectoryWithin(ctx context.Context, cfg Config, members map[string]event.UID, within time.Duration) error {
	return fillDirectory(ctx, cfg, members, within)
}

// SetAnswer sets how long a command may take. It is called before Run.
func (d *Directory) SetAnswer(within time.Duration) { d.answer = within }

// Age makes the directory older, and as long as Redis answers or does not. It is
// not safe for use beside Status.
func (d *Directory) Age(by time.Duration) {
	d.made = d.made.Add(-by)
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	d.health.since = d.health.since.Add(-by)
}
