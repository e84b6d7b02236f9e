package main

import (
	"fmt"
	"log/slog"

	"ranger/internal/ops"
	"ranger/internal/redis"
)

// redisFlags are the location of the member directory.
type redisFlags struct {
	RedisURLFile    string `name:"redis-url-file" env:"REDIS_URL_FILE" placeholder:"PATH" group:"redis" help:"File that contains REDIS_URL, redis://user:password@host:6379/0 or rediss://…, which contains a password and has no flag. If neither is set, member ids are not resolved."`
	MemberDirectory string `env:"MEMBER_DIRECTORY" default:"ranger:members" group:"redis" help:"Hash in Redis that maps Peatio's member ids (fields) to uids (values)."`
}

// directory returns the configuration of the member directory. Its URL is empty if
// there is no Redis.
func (f *redisFlags) directory(c *checker) redis.Config {
	cfg := redis.Config{
		URL: c.Secret("REDIS_URL", f.RedisURLFile),
		Key: c.Text("MEMBER_DIRECTORY", f.MemberDirectory),
	}
	if cfg.URL == "" {
		return cfg
	}
	if _, err := redis.NewDirectory(cfg, slog.New(slog.DiscardHandler)); err != nil {
		c.problems = append(c.problems, err.Error()) // it begins with REDIS_URL
	}
	return cfg
}

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
