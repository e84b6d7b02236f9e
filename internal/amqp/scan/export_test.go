package scan

import (
	"context"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/topology"
)

// Timeouts are timeouts.
type Timeouts = timeouts

// WalkWithin is walk.
var WalkWithin = walk

// VisitUpTo visits deliveries as Walk does up to the offset end, of messages since a
// time or not.
func VisitUpTo(ctx context.Context, end uint64, since bool, deliveries <-chan amqp091.Delivery, timeout time.Duration, visit func(Stored) bool) error {
	return (&span{end: end, mayBeEmpty: since}).visit(ctx, deliveries, topology.Exchanges{}, timeout, visit)
}
