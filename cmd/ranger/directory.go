package main

import (
	"fmt"
	"log/slog"

	"ranger/internal/ops"
	"ranger/internal/redis"
)

// newDirectory returns the member directory, or nil if there is no Redis.
func newDirectory(cfg redis.Config, metrics *ops.Metrics, log *slog.Logger) (*redis.Directory, error) {
	if cfg.URL == "" {
		log.Info("member ids are not resolved: REDIS_URL is unset",
			"advice", "set REDIS_URL if publishers name users by member id")
		return nil, nil //nolint:nilnil // no Redis is not an error
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

// settled reports whether the directory, which may be nil, is loaded, or loading it has
// taken longer than a node waits for it.
func settled(d *redis.Directory) bool {
	return d == nil || d.Status().Settled
}

// redisState returns the state of Redis for /readyz, empty if there is none.
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
		return fmt.Sprintf("disconnected since %s: %v", s.Since.UTC().Format("15:04:05Z"), s.Error)
	}
}
