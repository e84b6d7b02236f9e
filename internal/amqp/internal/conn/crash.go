package conn

import (
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// IsCrash reports whether the broker closed a channel or the connection because of an
// internal error, or one of frames or syntax. An entry of a stream that the broker
// cannot convert has this effect each time it is to be delivered; so has, for a while, a
// broker that loses the leader of a stream, or its disk.
func IsCrash(err error) bool {
	e, ok := errors.AsType[*amqp091.Error](err)
	if !ok || !e.Server { // the library reports a connection that was cut as a FrameError of its own
		return false
	}
	switch e.Code {
	case amqp091.InternalError, amqp091.FrameError, amqp091.SyntaxError, amqp091.UnexpectedFrame:
		return true
	default:
		return false
	}
}
