package main

import (
	"fmt"
	"log/slog"

	"ranger/internal/ops"
	"ranger/internal/redis"
)

// newDirectory returns the member directory, nil where there is no Redis.
func newDirectory(cfg redis.Config, metrics *ops.Metrics, log *slog.Logger) (*redis.Directory, error) {
	if cfg.URL == "" {
		log.Info("member ids are not resolved, REDIS_URL is unset: an event that names its user by an id alone reaches nobody")
		return nil, nil //nolint:nilnil // no Redis is no error
	}
	d, err := redis.NewDirectory(cfg, log)
	if err != nil {
		return nil, err
	}
	metrics.WatchRedis(func() (up bool, members int) {
		s := d.Status()
		return s.Connected, s.Members
	})
	return d, nil
}

// settled tells whether nobody need wait for the directory, which may be nil: it
// is loaded, or had its time.
func settled(d *redis.Directory) bool {
	return d == nil || d.Status().Settled
}

// redisState is what /readyz says of Redis; nothing where there is none.
func redisState(d *redis.Directory) string {
	if d == nil {
		return ""
	}
	switch s := d.Status(); {
	case s.Connected:
		return "connected"
	case s.Error == nil:
		return "connecting"
	default:
		return fmt.Sprintf("away since %s: %v", s.Since.UTC().Format("15:04:05Z"), s.Error)
	}
}
