package amqp

import (
	"log/slog"
	"time"

	"ranger/internal/event"
	"ranger/internal/ratelog"
)

// undeliveredLog logs messages that were not delivered: for each reason at most one line
// a second, or one a minute for what Peatio 1.8 broadcasts. It is for one goroutine.
type undeliveredLog struct {
	log   *slog.Logger
	lines map[event.Reason]*ratelog.Limiter
}

func newUndeliveredLog(log *slog.Logger) undeliveredLog {
	return undeliveredLog{log: log, lines: make(map[event.Reason]*ratelog.Limiter)}
}

func (u undeliveredLog) report(offset uint64, exchange string, reason event.Reason) {
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
		u.log.Warn("message not delivered", "reason", string(reason), "exchange", exchange,
			"offset", offset, "suppressed", suppressed)
	}
}
