package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/event"
)

// Find returns a member's uid from memory, or else from Redis at once. While
// Redis does not answer it waits for it, until the outage has lasted for
// Config.Wait; from then on, until Redis answers again, a miss returns at once.
// It takes Config.Wait at most, and ends with ctx. It is safe for concurrent
// use; what it finds is in memory from then on.
func (d *Directory) Find(ctx context.Context, member string) (event.UID, bool) {
	deadline := time.Now().Add(d.cfg.Wait)
	for {
		if uid, ok := d.members.uid(member); ok {
			return uid, true
		}
		l, since, back := d.health.current()
		if l == nil {
			until := since.Add(d.cfg.Wait)
			if deadline.Before(until) {
				until = deadline
			}
			if !await(ctx, back, until) {
				return "", false
			}
			continue
		}
		uid, err := d.get(ctx, l, member, min(d.answer, time.Until(deadline)))
		switch {
		case err == nil && uid != "":
			d.members.add(member, uid)
			return uid, true
		case err == nil, errors.Is(err, goredis.Nil), isOver(ctx), !time.Now().Before(deadline):
			return "", false
		}
	}
}

// await waits for back to be closed and reports whether it was, before ctx was
// done and the time had come.
func await(ctx context.Context, back <-chan struct{}, until time.Time) bool {
	left := time.Until(until)
	if left <= 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-back:
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}
