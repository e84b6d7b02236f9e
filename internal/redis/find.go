package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/event"
)

// Find returns the uid of a member from memory, or else from Redis, and keeps it in
// memory. During an outage it waits for Redis until the outage has lasted for
// Config.Wait; after that, until Redis answers again, it reports false at once. It
// takes at most Config.Wait and returns early if ctx is done. It is safe for concurrent
// use.
func (d *Directory) Find(ctx context.Context, member string) (event.UID, bool) {
	deadline := time.Now().Add(d.cfg.Wait)
	for {
		if uid, ok := d.members.uid(member); ok {
			return uid, true
		}
		l, since, restored := d.health.current()
		if l == nil {
			until := since.Add(d.cfg.Wait)
			if deadline.Before(until) {
				until = deadline
			}
			if !await(ctx, restored, until) {
				return "", false
			}
			continue
		}
		uid, err := d.get(ctx, l, member, min(d.timeout, time.Until(deadline)))
		switch {
		case err == nil && uid != "":
			d.members.add(member, uid)
			return uid, true
		case err == nil, errors.Is(err, goredis.Nil), isOver(ctx), !time.Now().Before(deadline):
			return "", false
		}
	}
}

// await waits until restored is closed, ctx is done or the time until is reached. It
// reports whether restored was closed.
func await(ctx context.Context, restored <-chan struct{}, until time.Time) bool {
	left := time.Until(until)
	if left <= 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-restored:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}
