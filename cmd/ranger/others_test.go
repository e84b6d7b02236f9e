package main_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
)

// quantiles summarize latencies.
type quantiles struct {
	count    int
	p50, p99 time.Duration
}

func (q quantiles) String() string {
	return fmt.Sprintf("p50 %v p99 %v (%d)", q.p50.Round(10*time.Microsecond), q.p99.Round(10*time.Microsecond), q.count)
}

// samples are latencies, safe for concurrent use.
type samples struct {
	seen counter

	mu  sync.Mutex
	all []time.Duration // guarded by mu
}

// add adds the time since the publication of an event, if it contains that.
func (s *samples) add(t testing.TB, text string) {
	_, number, ok := strings.Cut(text, `"sent":`)
	if !ok {
		return
	}
	sent, err := strconv.ParseInt(strings.TrimRight(number, "}"), 10, 64)
	if err != nil {
		t.Errorf("got unexpected text %s", text)
		return
	}
	defer s.seen.add()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, time.Since(time.Unix(0, sent)))
}

func (s *samples) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
}

func (s *samples) quantiles() quantiles {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Sorted(slices.Values(s.all))
	if len(all) == 0 {
		return quantiles{}
	}
	return quantiles{len(all), all[len(all)/2], all[len(all)*99/100]}
}

// others are users with events at a steady rate, one after the other.
type others struct {
	t    testing.TB
	quit chan struct{}
	done sync.WaitGroup

	pushed samples // latencies at the sockets
	bare   samples // latencies at a plain consumer of the same messages, for comparison
}

func (w *world) startOthers(p *process, n int) *others {
	o := &others{t: w.t, quit: make(chan struct{})}
	for i := range n {
		s := w.login(p, event.UID("IDOTHER"+strconv.Itoa(i)))
		go o.read(s)
	}
	ch, err := w.conn.Channel()
	check(w.t, err)
	q, err := ch.QueueDeclare("", false, true, true, false, nil)
	check(w.t, err)
	check(w.t, ch.QueueBind(q.Name, "", w.orders, false, nil))
	deliveries, err := ch.Consume(q.Name, "", true, true, false, false, nil)
	check(w.t, err)
	go func() {
		for d := range deliveries {
			o.bare.add(w.t, string(d.Body))
		}
	}()
	o.done.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i = (i + 1) % n {
			select {
			case <-o.quit:
				return
			case <-tick.C:
				_ = ch.PublishWithContext(w.t.Context(), w.orders, "", false, false, amqp091.Publishing{
					Headers: amqp091.Table{"member_uid": "IDOTHER" + strconv.Itoa(i)},
					Body:    fmt.Appendf(nil, `{"sent":%d}`, time.Now().UnixNano()),
				})
			}
		}
	})
	return o
}

func (o *others) read(s *socket) {
	for {
		_, text, err := s.ws.ReadMessage()
		if err != nil {
			return
		}
		o.pushed.add(o.t, string(text))
	}
}

// latencies returns the latencies of at least that many events from now on, and until done
// is closed unless it is nil.
func (o *others) latencies(samples int, done <-chan struct{}) quantiles {
	o.t.Helper()
	o.pushed.reset()
	o.bare.reset()
	if !o.pushed.seen.await(o.t.Context(), samples) {
		o.t.Fatalf("timed out waiting for %d events of others", samples)
	}
	if done != nil {
		<-done
	}
	return o.pushed.quantiles()
}

func (o *others) stop() {
	close(o.quit)
	o.done.Wait()
}
