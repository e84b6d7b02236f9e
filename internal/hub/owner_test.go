package hub_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
)

// I1, I3: whatever is published for different users in any order, a socket gets the events of
// its user from its first valid token on, in order, each once, and no others.
func TestEvents_ReachOnlyTheirOwner(t *testing.T) {
	const users, sockets, messages = 10, 4, 500
	bubble(t, setup{}, func(t *testing.T, s *server) {
		random := rand.New(rand.NewPCG(1, 2))
		var want [users][]string
		type reader struct {
			uid, from int
			got       []string
		}
		var readers []*reader
		var reading sync.WaitGroup
		join := func(uid int) {
			r := &reader{uid: uid, from: len(want[uid])}
			readers = append(readers, r)
			c := s.open(name(uid))
			reading.Go(func() { r.got = c.readAll() })
		}
		for i := range users * sockets / 2 {
			join(i % users)
		}
		s.dial() // gets nothing without a token
		for i := range messages {
			uid := random.IntN(users)
			text := fmt.Sprint(name(uid), " ", i)
			s.publish(event.UID(name(uid)), text)
			s.publish("somebody else", text)
			want[uid] = append(want[uid], text)
			if i%25 == 0 {
				join(i / 25 % users)
			}
		}
		pass(time.Second)
		drained := s.drain(t, 0)
		reading.Wait()
		<-drained
		for _, r := range readers {
			if diff := cmp.Diff(want[r.uid][r.from:], r.got); diff != "" {
				t.Errorf("a socket of user %d (-want +got):\n%s", r.uid, diff)
			}
		}
	})
}

func name(uid int) string { return fmt.Sprint("user", uid) }

// readAll reads text messages until a close frame, and answers it.
func (c *client) readAll() (texts []string) {
	c.tb.Helper()
	for {
		got, err := c.next()
		switch {
		case err != nil:
			c.tb.Errorf("read: %v", err)
			return texts
		case got.opcode == opClose:
			_, _ = c.Write(masked(final|opClose, got.payload))
			return texts
		case got.opcode == opPing:
			_, _ = c.Write(masked(final|opPong, got.payload))
		default:
			texts = append(texts, got.payload)
		}
	}
}
