package amqp

import (
	"slices"
	"time"
)

// lately is how long a marker counts, in ms by its own node's clock: three looks.
const lately = 15_000

// maxHeard bounds how many markers are remembered.
const maxHeard = 1 << 12

// clocks tells the stream's time: the latest of what the markers of late say,
// each of which bears the clock of the node that wrote it. So a clock that is
// behind does not count, and one that is ahead sets the time for all; it jumps
// when that node comes and when it goes, and not with each marker. A marker counts
// until a node has written one after it and, more than lately after that by its
// own clock, another: none counts for ever, and the time depends on the last
// half minute of the stream alone. Its zero value is ready for use; it is for one
// goroutine.
type clocks struct {
	heard []heard // oldest first
}

// heard is what a marker said.
type heard struct {
	id   string // of the attempt that sent it
	node string
	at   int64 // Unix ms
}

// tick notes a marker and returns the stream's time, Unix ms.
func (c *clocks) tick(m heard) (now int64) {
	past := max(0, len(c.heard)+1-maxHeard)
	for i, h := range c.heard {
		if h.id != m.id {
			continue
		}
		if apart(h.at, m.at) <= lately {
			break
		}
		past = max(past, i+1)
	}
	c.heard = append(slices.Delete(c.heard, 0, past), m)
	for _, h := range c.heard {
		now = max(now, h.at)
	}
	return now
}

// behind returns a marker that stands between m, not noted yet, and the one before
// by the same node, and is earlier than both by more than retryWindow: the clocks
// of the two nodes differ by that.
func (c *clocks) behind(m heard) (other heard, ok bool) {
	for i, before := range slices.Backward(c.heard) {
		if before.id != m.id {
			continue
		}
		for _, other := range c.heard[i+1:] {
			if min(before.at, m.at)-other.at > retryWindow {
				return other, true
			}
		}
		break
	}
	return heard{}, false
}

// heed sets the stream's time to what a marker says, and warns where two nodes'
// clocks differ by much, once a minute.
func (s *Source) heed(read marker) {
	m := heard{id: read.ID, node: read.Node, at: read.At}
	other, differ := s.retries.clocks.behind(m)
	if now := time.Now(); differ && now.Sub(s.doubted) >= time.Minute {
		s.doubted = now
		s.log.Warn("the clocks of two nodes differ by more than a minute: set both by NTP, else a publisher's retries may not be known, and clients be told of gaps at the wrong time",
			"ahead", m.node, "behind", other.node, "by", (time.Duration(m.at-other.at) * time.Millisecond).String())
	}
	s.retries.tick(m)
}

// apart is by how much two times differ: a node's clock may have been set wrong.
func apart(a, b int64) int64 { return max(a, b) - min(a, b) }
