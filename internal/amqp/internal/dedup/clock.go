package dedup

import "slices"

const (
	// markerTTL is how long a marker counts, in ms of its writer's clock: three of
	// the intervals at which a node writes one.
	markerTTL = 15_000
	// maxObservations bounds how many markers are remembered.
	maxObservations = 1 << 12
)

// Observation is a marker that was read from the stream.
type Observation struct {
	// Writer identifies the connection of Node over which it was written.
	Writer, Node string
	// At is when, by the node's clock, Unix ms.
	At int64
}

// clock is the stream's time: the latest time of the recent markers. Each marker has
// the time of its node's clock. So a clock that is behind has no effect, and one that
// is ahead sets the time for all nodes: the time jumps when that node starts or ends,
// but not at each marker. A marker is recent until a writer has written two markers
// more than markerTTL apart, the first of which is that marker or a later one. So the
// time depends only on the last half minute of the stream, and no marker counts
// forever. The zero value is ready for use.
type clock struct {
	recent []Observation // oldest first
}

// observe adds a marker and returns the stream's time, Unix ms.
func (c *clock) observe(o Observation) (now int64) {
	drop := max(0, len(c.recent)+1-maxObservations)
	for i, earlier := range c.recent {
		if earlier.Writer != o.Writer {
			continue
		}
		if absDiff(earlier.At, o.At) <= markerTTL {
			break
		}
		drop = max(drop, i+1)
	}
	c.recent = append(slices.Delete(c.recent, 0, drop), o)
	for _, r := range c.recent {
		now = max(now, r.At)
	}
	return now
}

// skew returns a marker between o, which has not been observed yet, and the one
// before it by the same writer, if that marker is earlier than both by more than
// Window: then the clocks of the two nodes differ by that much.
func (c *clock) skew(o Observation) (behind Observation, ok bool) {
	for i, before := range slices.Backward(c.recent) {
		if before.Writer != o.Writer {
			continue
		}
		for _, other := range c.recent[i+1:] {
			if min(before.At, o.At)-other.At > windowMillis {
				return other, true
			}
		}
		break
	}
	return Observation{}, false
}

// absDiff returns the difference of two times, either of which may be later: a
// clock may have been set.
func absDiff(a, b int64) int64 { return max(a, b) - min(a, b) }
