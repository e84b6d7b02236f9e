package publish

// The constructors with time limits.
var (
	NewPublisherWithin = newPublisher
	NewBulkWithin      = newBulk
)

// BulkInFlight is bulkInFlight.
const BulkInFlight = bulkInFlight
