package amqp

import (
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/portable"
)

// deliveries are the messages of the consumer with a Tag. Tag, options and start are
// for the goroutine of Run; Ready, Batch, Next and Release for the one that reads.
type deliveries interface {
	// Tag is the consumer tag to use.
	Tag() string
	// Ready receives when Batch has messages. Then call Release when done with them.
	Ready() <-chan struct{}
	// Batch returns the messages that have arrived, and when the newest did. They are
	// valid until Next or Release.
	Batch() ([]frame.Delivery, time.Time)
	// Next replaces a processed Batch by the next one, or reports false if it is time
	// to call Release.
	Next() bool
	Release()
	// Stop discards what arrives from now on. It may be called more than once, by any
	// goroutine.
	Stop()

	// options are those of the connection that the consumer is on.
	options(name string) conn.Options
	// start begins with the channel that the library returned for the consumer, and
	// returns a channel that is closed when nothing more arrives.
	start(fromLibrary <-chan amqp091.Delivery) (ended <-chan amqp091.Delivery)
}

// minBody is how many bytes of a body are kept in any case: a node's record is
// smaller.
const minBody = 4 << 10

// newDeliveries returns the deliveries of the next consumer. Bodies are truncated to
// one byte more than MaxBody, which shows that they are too long.
func (s *Source) newDeliveries() deliveries {
	keep := max(s.cfg.MaxBody, minBody) + 1
	if s.cfg.Portable {
		return portableDeliveries{portable.New(keep)}
	}
	return fastDeliveries{demux.New(keep)}
}

// fastDeliveries are those that a demux.Conn diverts from the library.
type fastDeliveries struct{ *demux.Conn }

func (f fastDeliveries) options(name string) conn.Options {
	return conn.Options{Name: name, Wrap: f.Wrap, Behind: f.BehindSince}
}

// start returns the library's channel: it only ever closes, since f diverts all
// deliveries.
func (fastDeliveries) start(fromLibrary <-chan amqp091.Delivery) <-chan amqp091.Delivery {
	return fromLibrary
}

// portableDeliveries are those of the library's own channel.
type portableDeliveries struct{ *portable.Deliveries }

func (p portableDeliveries) options(name string) conn.Options { return conn.Options{Name: name} }

func (p portableDeliveries) start(fromLibrary <-chan amqp091.Delivery) <-chan amqp091.Delivery {
	return p.Start(fromLibrary)
}
