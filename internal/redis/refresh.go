package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ranger/internal/event"
)

// probe asks for a field, there or not: what Find does. Its error has been noted.
func (d *Directory) probe(ctx context.Context, l *link) error {
	_, err := d.get(ctx, l, "0", d.answer)
	if errors.Is(err, goredis.Nil) {
		return nil
	}
	return err
}

// refresh reads the hash whole over l, after a probe. Its error has been noted.
func (d *Directory) refresh(ctx context.Context, l *link) error {
	began := time.Now()
	if err := d.probe(ctx, l); err != nil {
		return err
	}
	d.members.begin()
	ignored, example := 0, ""
	for cursor := uint64(0); ; {
		var page []string
		err := d.ask(ctx, l, d.answer, func(ctx context.Context) (err error) {
			page, cursor, err = l.client.HScan(ctx, d.cfg.Key, cursor, "", piece).Result()
			return err
		})
		if err != nil {
			return err
		}
		if err := d.answers(ctx, l); err != nil {
			return err
		}
		n, field := d.members.keep(page)
		if n > 0 {
			ignored, example = ignored+n, field
		}
		if cursor == 0 {
			break
		}
	}
	d.members.sweep()
	d.report(ctx, began, ignored, example)
	return nil
}

// answers notes that Redis answers over l, unless that has failed meanwhile.
func (d *Directory) answers(ctx context.Context, l *link) error {
	away, ok := d.health.up(l)
	if !ok {
		return errFailed
	}
	if away > 0 {
		d.log.InfoContext(ctx, "redis answers again", "after", away.Round(time.Millisecond).String())
	}
	return nil
}

// report logs what a reading found: the first one, one that found nobody, and
// what is ignored.
func (d *Directory) report(ctx context.Context, began time.Time, ignored int, example string) {
	count := d.members.count()
	if d.health.load() {
		d.log.InfoContext(ctx, "the member directory is loaded", "members", count, "took", time.Since(began).Round(time.Millisecond).String())
	}
	if count == 0 && !d.wasBare {
		d.log.WarnContext(ctx, "the member directory is empty: no member id is resolved; fill the hash that MEMBER_DIRECTORY names", "key", d.cfg.Key)
	}
	d.wasBare = count == 0
	if ignored > 0 {
		const most = 32
		d.log.WarnContext(ctx, "entries of the member directory are ignored: a field has to be a member id, its value a uid",
			"key", d.cfg.Key, "ignored", ignored, "field", example[:min(len(example), most)])
	}
}

// get asks for one member over l, within that time. The error is goredis.Nil for
// one that is not there, and has been noted else.
func (d *Directory) get(ctx context.Context, l *link, member string, within time.Duration) (uid event.UID, err error) {
	err = d.ask(ctx, l, within, func(ctx context.Context) error {
		text, err := l.client.HGet(ctx, d.cfg.Key, member).Result()
		uid, _ = event.ParseUID(text)
		return err
	})
	return uid, err
}

// ask runs a command over l, within that time. That it got no answer is noted
// and logged, unless ctx is over or it had less than its time.
func (d *Directory) ask(ctx context.Context, l *link, within time.Duration, command func(context.Context) error) error {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := l.do(bounded, command)
	switch {
	case err == nil, errors.Is(err, goredis.Nil), errors.Is(err, errFailed), isOver(ctx), isTimeout(err) && within < d.answer:
		return err
	}
	told := tell(err, within, d.options.Password, d.options.SentinelPassword)
	if d.health.down(l, began, told) {
		d.log.ErrorContext(ctx, "redis does not answer: the member ids in memory are resolved as before, others are not; will reconnect",
			"error", told, "advice", advice(err))
	}
	return err
}
