package dedup

// MaxObservations is maxObservations.
const MaxObservations = maxObservations

// Remembered returns how many message_ids f remembers, and how many places its
// queue has.
func (f *Filter) Remembered() (ids, places int) { return len(f.known), len(f.queue) }

// Observations returns how many markers f remembers.
func (f *Filter) Observations() int { return len(f.clock.recent) }
