package redis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/event"
)

// FillDirectory adds members, uids by their member ids, to the hash that a Directory
// reads. If one of the ids has another uid there, it writes nothing and returns an
// error. It takes at most 2 s. Its errors contain no password.
func FillDirectory(ctx context.Context, cfg Config, members map[string]event.UID) error {
	return fillDirectory(ctx, cfg, members, answerTimeout)
}

// fillDirectory implements FillDirectory with a given timeout.
func fillDirectory(ctx context.Context, cfg Config, members map[string]event.UID, timeout time.Duration) error {
	cfg = cfg.withDefaults()
	options, err := parseURL(cfg.URL)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	l := newLink(ctx, *options, timeout)
	defer l.client.Close() //nolint:errcheck // the writes are confirmed
	if err := fill(ctx, l.client, cfg.Key, members); err != nil {
		return fmt.Errorf("hash %s: %w", cfg.Key, redact(err, timeout, options.Password, options.SentinelPassword))
	}
	return nil
}

// fill adds the members to the hash unless an id has another uid there.
func fill(ctx context.Context, client goredis.UniversalClient, key string, members map[string]event.UID) error {
	ids := slices.Sorted(maps.Keys(members))
	current, err := client.HMGet(ctx, key, ids...).Result()
	if err != nil {
		return err
	}
	var pairs []any
	for i, id := range ids {
		uid := string(members[id])
		if current[i] != nil && current[i] != uid {
			return errors.New("member " + id + " has another uid, so the hash belongs to another exchange: name another hash")
		}
		pairs = append(pairs, id, uid)
	}
	return client.HSet(ctx, key, pairs...).Err()
}
