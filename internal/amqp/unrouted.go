package amqp

import (
	"log/slog"
	"time"

	"ranger/internal/event"
	"ranger/internal/ratelog"
)

// unroutedLog logs messages without a recipient: for each reason one line per
// second at most, for what Peatio 1.8 broadcasts one per minute. It is for one
// goroutine.
type unroutedLog struct {
	log   *slog.Logger
	lines map[event.Reason]*ratelog.Limiter
}

func newUnroutedLog(log *slog.Logger) *unroutedLog {
	return &unroutedLog{log: log, lines: make(map[event.Reason]*ratelog.Limiter)}
}

func (u *unroutedLog) report(offset uint64, exchange string, reason event.Reason) {
	line, ok := u.lines[reason]
	if !ok {
		line = new(ratelog.Limiter)
		u.lines[reason] = line
	}
	interval := time.Second
	if reason == event.Broadcast {
		interval = time.Minute
	}
	if suppressed, ok := line.Allow(interval); ok {
		u.log.Warn("a message reached nobody", "reason", string(reason), "exchange", exchange,
			"offset", offset, "suppressed", suppressed)
	}
}
