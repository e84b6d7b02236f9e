package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/event"
)

// ping requests one field, which need not exist, as Find does. Its error has been
// recorded.
func (d *Directory) ping(ctx context.Context, l *link) error {
	_, err := d.get(ctx, l, "0", d.timeout)
	if errors.Is(err, goredis.Nil) {
		return nil
	}
	return err
}

// refresh pings Redis and reads the whole hash. Its error has been recorded.
func (d *Directory) refresh(ctx context.Context, l *link) error {
	began := time.Now()
	if err := d.ping(ctx, l); err != nil {
		return err
	}
	d.members.beginRound()
	ignored, example := 0, ""
	for cursor := uint64(0); ; {
		var page []string
		err := d.ask(ctx, l, d.timeout, func(ctx context.Context) (err error) {
			page, cursor, err = l.client.HScan(ctx, d.cfg.Key, cursor, "", batchSize).Result()
			return err
		})
		if err != nil {
			return err
		}
		if err := d.recordAnswer(ctx, l); err != nil {
			return err
		}
		n, field := d.members.addPage(page)
		if n > 0 {
			ignored, example = ignored+n, field
		}
		if cursor == 0 {
			break
		}
	}
	d.members.endRound()
	d.report(ctx, began, ignored, example)
	return nil
}

// recordAnswer records that Redis answers over l. It returns an error if l has failed.
func (d *Directory) recordAnswer(ctx context.Context, l *link) error {
	outage, ok := d.health.up(l)
	if !ok {
		return errFailed
	}
	if outage > 0 {
		d.log.InfoContext(ctx, "redis answers again", "after", outage.Round(time.Millisecond).String())
	}
	return nil
}

// report logs the first reading, the first of consecutive readings without members, and
// invalid entries.
func (d *Directory) report(ctx context.Context, began time.Time, ignored int, example string) {
	count := d.members.count()
	if d.health.load() {
		d.log.InfoContext(ctx, "the member directory is loaded", "members", count, "took", time.Since(began).Round(time.Millisecond).String())
	}
	if count == 0 && !d.wasEmpty {
		d.log.WarnContext(ctx, "the member directory is empty", "key", d.cfg.Key,
			"advice", "fill the hash that MEMBER_DIRECTORY names; until then no member id is resolved")
	}
	d.wasEmpty = count == 0
	if ignored > 0 {
		const most = 32
		d.log.WarnContext(ctx, "entries of the member directory are ignored",
			"key", d.cfg.Key, "ignored", ignored, "field", example[:min(len(example), most)],
			"advice", "a field must be a member id and its value a uid")
	}
}

// get requests the uid of one member over l. The error is goredis.Nil if there is no such
// member; any other error has been recorded.
func (d *Directory) get(ctx context.Context, l *link, member string, timeout time.Duration) (uid event.UID, err error) {
	err = d.ask(ctx, l, timeout, func(ctx context.Context) error {
		text, err := l.client.HGet(ctx, d.cfg.Key, member).Result()
		uid, _ = event.ParseUID(text)
		return err
	})
	return uid, err
}

// ask sends a command over l. If it gets no answer, or an error, that is recorded and
// logged, unless ctx is over or the timeout was shorter than usual.
func (d *Directory) ask(ctx context.Context, l *link, timeout time.Duration, command func(context.Context) error) error {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := l.do(bounded, command)
	switch {
	case err == nil, errors.Is(err, goredis.Nil), errors.Is(err, errFailed), isOver(ctx), isTimeout(err) && timeout < d.timeout:
		return err
	}
	redacted := redact(err, timeout, d.options.Password, d.options.SentinelPassword)
	if d.health.down(l, began, redacted) {
		d.log.ErrorContext(ctx, "redis does not answer, will reconnect", "error", redacted, "advice", advice(err))
	}
	return err
}
