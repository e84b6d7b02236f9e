package cli

import (
	"log/slog"

	"ranger/internal/redis"
)

// RedisFlags are the location of the member directory.
type RedisFlags struct {
	RedisURLFile    string `name:"redis-url-file" env:"REDIS_URL_FILE" placeholder:"PATH" group:"redis" help:"File that contains REDIS_URL, redis://user:password@host:6379/0 or rediss://…, which contains a password and has no flag. If neither is set, member ids are not resolved."`
	MemberDirectory string `env:"MEMBER_DIRECTORY" default:"ranger:members" group:"redis" help:"Hash in Redis that maps Peatio's member ids (fields) to uids (values)."`
}

// Directory returns the configuration of the member directory. Its URL is empty if
// there is no Redis.
func (f *RedisFlags) Directory(c *Checker) redis.Config {
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
