package audit

import (
	"context"
	"errors"

	"ranger/internal/event"
)

// ErrNotTaken reports that the broker refused or returned a message. The
// connection can still be used.
var ErrNotTaken = errors.New("the broker did not take the message")

// Publisher is a connection to the broker, safe for concurrent use.
type Publisher interface {
	// Publish sends d to the exchange of its kind with id as its `message_id`. It
	// returns a function that waits for the broker's confirm. After an error the
	// connection cannot be used any more.
	Publish(ctx context.Context, d event.Delivery, id string) (Confirm, error)
	// Close ends the connection and all waits on it. It may be called more than
	// once.
	Close()
}

// Confirm waits for the broker's answer to one message. It returns nil if the
// broker took the message and routed it to a queue, ErrNotTaken if it did not.
// After any other error the fate of the message is unknown and the connection
// cannot be used any more.
type Confirm func(ctx context.Context) error
