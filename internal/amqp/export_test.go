package amqp

import (
	"log/slog"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// What the tests of pure functions need.
var (
	StreamAge      = streamAge
	ParseStreamAge = parseStreamAge
	KnowsNoStreams = knowsNoStreams
	Advice         = advice
	StreamEnd      = streamEnd
)

// Differing returns what differing reads from err.
func Differing(err error) (name string, value any, ok bool) {
	d, ok := differing(err)
	return d.name, d.value, ok
}

// NewUnroutedLog returns the report method of an unroutedLog.
func NewUnroutedLog(log *slog.Logger) func(offset uint64, exchange string, reason event.Reason) {
	return newUnroutedLog(log).report
}

// SeeMarker tells whether markers with this id see d, and then see it again.
func SeeMarker(id string, d *amqp091.Delivery) (first, again bool) {
	m := &markers{id: id}
	return m.see(d), m.see(d)
}

// StatusAfter returns the Status after these states were entered.
func StatusAfter(states ...State) Status {
	s := &Source{status: Status{Since: time.Now()}}
	for _, state := range states {
		s.setState(state, nil)
	}
	return s.Status()
}
