package main_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"golang.org/x/sync/errgroup"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// I1, I2, I3: random Trades and Orders for many users are published. Every socket
// receives the events of its user, in order, and no others.
func TestServe_SendsEachUserExactlyItsEvents(t *testing.T) {
	t.Parallel()
	const users, messages = 200, 20_000
	w := newWorld(t)
	testenv.Heavy(t)
	p := w.serve("HISTORY_SIZE=20000")

	sockets := make([]*socket, users)
	want := make([][]string, users)
	for i := range sockets {
		sockets[i] = w.login(p, user(i))
	}
	var readers errgroup.Group
	got := make([][]string, users)
	for i, s := range sockets {
		readers.Go(func() (err error) {
			got[i], err = s.readUntil(last)
			return err
		})
	}

	random := rand.New(rand.NewPCG(1, 2))
	var confirmed func()
	for n := range messages {
		if random.IntN(2) == 0 {
			i := random.IntN(users)
			body := fmt.Sprintf(`{"id":%d,"price":"%d.10"}`, n, random.IntN(100))
			confirmed = w.send(w.orders, amqp091.Table{"member_uid": string(user(i))}, body)
			want[i] = append(want[i], `{"orderbook":`+body+`}`)
			continue
		}
		a, b := random.IntN(users), random.IntN(users)
		confirmed = w.send(w.trades, amqp091.Table{"ask_member_uid": string(user(a)), "bid_member_uid": string(user(b))},
			fmt.Sprintf(`{"id":%d,"ask_id":%d,"bid_id":%d,"secret":"%d and %d"}`, n, 2*n, 2*n+1, a, b))
		if a == b {
			want[a] = append(want[a], fmt.Sprintf(`{"trade":{"id":%d,"side":"both"}}`, n))
			continue
		}
		want[a] = append(want[a], fmt.Sprintf(`{"trade":{"id":%d,"side":"ask","order_id":%d}}`, n, 2*n))
		want[b] = append(want[b], fmt.Sprintf(`{"trade":{"id":%d,"side":"bid","order_id":%d}}`, n, 2*n+1))
	}
	confirmed() // confirms of a channel arrive in order
	for i := range sockets {
		w.publish(w.orders, amqp091.Table{"member_uid": string(user(i))}, last)
	}
	check(t, readers.Wait())

	delivered := 0
	for i := range sockets {
		compare(t, fmt.Sprintf("user %d", i), got[i], want[i])
		delivered += len(got[i]) + 1
	}
	if got := p.metric("ranger_deliveries_total"); got != float64(delivered) {
		t.Errorf("got %v counted deliveries, want %d", got, delivered)
	}
}

// last is the Order that ends a transcript.
const last = `{"id":"last"}`

func user(i int) event.UID { return event.UID(fmt.Sprintf("IDUSER%06d", i)) }

// readUntil returns the messages before the Order that ends the transcript.
func (s *socket) readUntil(order string) ([]string, error) {
	var got []string
	for {
		text, err := s.tryRead()
		if err != nil {
			return got, err
		}
		if text == `{"orderbook":`+order+`}` {
			return got, nil
		}
		got = append(got, text)
	}
}

// compare reports the first difference of two transcripts.
func compare(t testing.TB, user string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: message %d of %d is missing: %s", user, i, len(want), want[i])
		case i >= len(want):
			t.Errorf("%s: unexpected message: %s", user, got[i])
		case got[i] != want[i]:
			t.Errorf("%s: message %d: got %s, want %s", user, i, got[i], want[i])
		default:
			continue
		}
		return
	}
}
