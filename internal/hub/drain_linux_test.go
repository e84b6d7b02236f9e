package hub_test

import (
	"testing"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// Events are pending, too, if the journal wakes their session only at the end of a batch.
func TestDrain_WritesEventsOfUnfinishedBatch(t *testing.T) {
	inBothModes(t, func(t *testing.T, cfg hub.Config) {
		s := onTCP(t, setup{hub: cfg}, 0)
		c := s.dial("alice")
		for _, text := range []string{"wakes the session", "does not wake it"} {
			s.append(journal.Message{
				At: 1, MoreBuffered: true,
				Events: []event.Event{{UID: "alice", Kind: event.Order, Message: []byte(text)}},
			})
			if text == "wakes the session" {
				c.want(text)
			}
		}
		drained := s.drain(t, 0)
		c.want("does not wake it")
		c.wantClose(1001, "going away")
		<-drained
	})
}
