package scan

// Timeouts are timeouts.
type Timeouts = timeouts

// WalkWithin is walk.
var WalkWithin = walk
