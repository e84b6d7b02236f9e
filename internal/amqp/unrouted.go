package amqp

import (
	"log/slog"
	"time"

	"ranger/internal/event"
)

// unroutedLog logs what reached nobody, at most once a second a reason, and
// what Peatio 1.8 broadcasts once a minute. It is for one goroutine.
type unroutedLog struct {
	log   *slog.Logger
	lines map[event.Reason]*line
}

type line struct {
	next    time.Time // not before
	skipped int       // since the last line
}

func newUnroutedLog(log *slog.Logger) *unroutedLog {
	return &unroutedLog{log: log, lines: make(map[event.Reason]*line)}
}

func (u *unroutedLog) report(offset uint64, exchange string, reason event.Reason) {
	l, ok := u.lines[reason]
	if !ok {
		l = new(line)
		u.lines[reason] = l
	}
	now := time.Now()
	if now.Before(l.next) {
		l.skipped++
		return
	}
	every := time.Second
	if reason == event.Broadcast {
		every = time.Minute
	}
	u.log.Warn("a message reached nobody", "reason", string(reason), "exchange", exchange,
		"offset", offset, "more_like_it", l.skipped)
	l.next, l.skipped = now.Add(every), 0
}
