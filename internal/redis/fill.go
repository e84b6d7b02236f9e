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

// FillDirectory writes uids by their member ids into the hash that a Directory
// reads, beside what is there. Where one of these ids is somebody else's there, it
// writes nothing. It waits for Redis for as long as one command may take. The error
// bears no password.
func FillDirectory(ctx context.Context, cfg Config, members map[string]event.UID) error {
	return fillDirectory(ctx, cfg, members, answerTime)
}

// fillDirectory is FillDirectory that waits for Redis for as long as within.
func fillDirectory(ctx context.Context, cfg Config, members map[string]event.UID, within time.Duration) error {
	cfg = cfg.withDefaults()
	options, err := parseURL(cfg.URL)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	l := newLink(ctx, *options, within)
	defer l.client.Close() //nolint:errcheck // what was written is confirmed
	if err := fill(ctx, l.client, cfg.Key, members); err != nil {
		return fmt.Errorf("the hash %s: %w", cfg.Key, tell(err, within, options.Password, options.SentinelPassword))
	}
	return nil
}

func fill(ctx context.Context, client goredis.UniversalClient, key string, members map[string]event.UID) error {
	ids := slices.Sorted(maps.Keys(members))
	there, err := client.HMGet(ctx, key, ids...).Result()
	if err != nil {
		return err
	}
	var pairs []any
	for i, id := range ids {
		uid := string(members[id])
		if there[i] != nil && there[i] != uid {
			return errors.New("member " + id + " has another uid there, so it is another exchange's: name one of your own")
		}
		pairs = append(pairs, id, uid)
	}
	return client.HSet(ctx, key, pairs...).Err()
}
