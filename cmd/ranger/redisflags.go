package main

import (
	"log/slog"

	"ranger/internal/redis"
)

// redisFlags say where Redis is and what of it is ranger's.
type redisFlags struct {
	RedisURLFile    string `name:"redis-url-file" env:"REDIS_URL_FILE" placeholder:"PATH" group:"redis" help:"File that holds REDIS_URL, redis://user:password@host:6379/0 or rediss://…, which has no flag, since it bears a password. Without it member ids are not resolved."`
	MemberDirectory string `env:"MEMBER_DIRECTORY" default:"ranger:members" group:"redis" help:"The hash in Redis that turns Peatio's member ids (fields) into uids (values)."`
}

// directory returns the member directory's configuration, without a URL where
// there is no Redis.
func (f *redisFlags) directory(c *checker) redis.Config {
	cfg := redis.Config{
		URL: c.secret("REDIS_URL", f.RedisURLFile),
		Key: c.text("MEMBER_DIRECTORY", f.MemberDirectory),
	}
	if cfg.URL == "" {
		return cfg
	}
	if _, err := redis.NewDirectory(cfg, slog.New(slog.DiscardHandler)); err != nil {
		c.problems = append(c.problems, err.Error()) // it names REDIS_URL by itself
	}
	return cfg
}
