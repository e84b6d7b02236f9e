package toolcmd

import (
	"context"
	"fmt"
	"log/slog"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/ops"
	"ranger/internal/redis"
	"ranger/internal/tools/sandbox"
)

// sandboxEvents connects the sandbox's exchange to the journal.
type sandboxEvents struct {
	publish func(context.Context, event.Delivery) error
	runs    []func(context.Context) error // goroutines that publish needs
	close   func()                        // called after the last publish
	ready   func() bool                   // nil: always ready
	catchUp func(context.Context) error   // nil: the journal is always up to date
}

// events publishes directly into the journal, or to RabbitMQ with a source that reads
// it. With a Redis it adds the member directory.
func (s *sandboxSettings) events(ctx context.Context, window *journal.Journal, metrics *ops.Metrics, log *slog.Logger) (sandboxEvents, error) {
	e := sandboxEvents{close: func() {}}
	var members sandbox.Directory
	if s.members.URL != "" {
		directory, err := s.fillDirectory(ctx, log)
		if err != nil {
			return sandboxEvents{}, err
		}
		e.runs = append(e.runs, directory.Run)
		e.ready = func() bool { return directory.Status().Settled }
		members, s.broker.Members = directory, directory
	}
	if s.broker.URL == "" {
		e.publish = sandbox.NewJournalPublisher(window, members, log).Publish
	} else {
		source := amqp.NewSource(s.broker, window, metrics, log)
		e.runs = append(e.runs, source.Run)
		settled := e.ready
		e.ready = func() bool { return source.Status().CaughtUp && (settled == nil || settled()) }
		e.catchUp = source.CatchUp
		broker := sandbox.NewBrokerPublisher(s.broker.URL, s.broker.Exchanges, log)
		e.publish, e.close = broker.Publish, broker.Close
	}
	if members != nil {
		e.publish = sandbox.ByMemberID(e.publish)
	}
	return e, nil
}

// fillDirectory writes the sandbox's users into Redis and returns the directory.
func (s *sandboxSettings) fillDirectory(ctx context.Context, log *slog.Logger) (*redis.Directory, error) {
	if err := redis.FillDirectory(ctx, s.members, sandbox.Members()); err != nil {
		return nil, fmt.Errorf("write the member directory (--redis-url, MEMBER_DIRECTORY): %w", err)
	}
	return redis.NewDirectory(s.members, log)
}
