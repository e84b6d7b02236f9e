package portable_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/portable"
	"ranger/internal/event"
)

// start returns deliveries from the library's channel, and a channel that is closed when
// nothing more arrives. Without the former it does not start them.
func start(fromLibrary <-chan amqp091.Delivery, maxBody int) (d *portable.Deliveries, ended <-chan amqp091.Delivery) {
	d = portable.New(maxBody)
	if fromLibrary == nil {
		return d, nil
	}
	return d, d.Start(fromLibrary)
}

// libraryChannel returns the library's channel with deliveries that have the tags from 1 on.
func libraryChannel(messages int) chan amqp091.Delivery {
	c := make(chan amqp091.Delivery, messages)
	for i := range messages {
		c <- amqp091.Delivery{DeliveryTag: uint64(i + 1)}
	}
	return c
}

// wantEnded checks that nothing more arrives, once all other goroutines wait.
func wantEnded(t *testing.T, ended <-chan amqp091.Delivery, want bool) {
	t.Helper()
	synctest.Wait()
	got := false
	select {
	case d, open := <-ended:
		if open {
			t.Fatalf("got %v, want only the end", d)
		}
		got = true
	default:
	}
	if got != want {
		t.Fatalf("deliveries have ended: %t, want %t", got, want)
	}
}

// What has arrived is handed over in order, at most 256 messages at once.
func TestDeliveries_HandsOverBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fromLibrary := libraryChannel(600)
		d, ended := start(fromLibrary, 100)
		defer d.Stop()
		next := uint64(1)
		take := func(want int) {
			t.Helper()
			<-d.Ready()
			batch, received := d.Batch()
			if len(batch) != want || !received.Equal(time.Now()) {
				t.Errorf("got a batch of %d messages, received at %v, want %d, now", len(batch), received, want)
			}
			for i := range batch {
				if batch[i].Tag != next {
					t.Fatalf("got message %d, want %d", batch[i].Tag, next)
				}
				next++
			}
			if d.Next() {
				t.Error("Next() = true, want false: the batch must be released")
			}
			d.Release()
		}
		for _, want := range []int{256, 256, 88} {
			take(want)
		}
		wantEnded(t, ended, false)
		<-time.After(time.Hour)
		fromLibrary <- amqp091.Delivery{DeliveryTag: 601}
		take(1)
	})
}

// A message waits for the reader, and what arrives meanwhile for the next batch.
func TestDeliveries_WaitsForRelease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fromLibrary := libraryChannel(1)
		d, _ := start(fromLibrary, 100)
		defer d.Stop()
		<-d.Ready()
		go func() { fromLibrary <- amqp091.Delivery{DeliveryTag: 2} }()
		synctest.Wait()
		select {
		case <-d.Ready():
			t.Fatal("a second batch is ready before the first was released")
		default:
		}
		if batch, _ := d.Batch(); len(batch) != 1 || batch[0].Tag != 1 {
			t.Errorf("the batch has changed to %+v before it was released", batch)
		}
		d.Release()
		<-d.Ready()
		if batch, _ := d.Batch(); len(batch) != 1 || batch[0].Tag != 2 {
			t.Errorf("got batch %+v, want message 2", batch)
		}
		d.Release()
	})
}

// When the library's channel is closed, deliveries end after the last message.
func TestDeliveries_EndsWithTheLibrarysChannel(t *testing.T) {
	t.Parallel()
	for _, messages := range []int{0, 1, 255, 256, 257} {
		synctest.Test(t, func(t *testing.T) {
			fromLibrary := libraryChannel(messages)
			close(fromLibrary)
			d, ended := start(fromLibrary, 100)
			for got := 0; got < messages; {
				wantEnded(t, ended, false)
				<-d.Ready()
				batch, _ := d.Batch()
				got += len(batch)
				wantEnded(t, ended, false)
				d.Release()
			}
			wantEnded(t, ended, true)
			d.Stop()
		})
	}
}

// Stop ends the goroutine, whatever it waits for; the bubble ends only without it.
func TestDeliveries_StopEndsTheGoroutine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		messages              int
		receive, release, end bool // before Stop
	}{
		"waiting for a message": {0, false, false, false},
		"waiting for reader":    {1, false, false, false},
		"batch with the reader": {300, true, false, false},
		"between two batches":   {300, true, true, false},
		"after the last batch":  {1, true, true, false},
		"the channel is closed": {300, true, false, true},
		"ended":                 {0, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fromLibrary := libraryChannel(c.messages)
				d, ended := start(fromLibrary, 100)
				if c.receive {
					<-d.Ready()
				}
				if c.release {
					d.Release()
				}
				if c.end {
					close(fromLibrary)
				}
				synctest.Wait()
				stopped := make(chan struct{})
				go func() { // another goroutine than the reader's, as attempt does
					defer close(stopped)
					d.Stop()
				}()
				d.Stop()
				<-stopped
				if c.receive && !c.release {
					if batch, _ := d.Batch(); len(batch) == 0 || batch[0].Tag != 1 {
						t.Errorf("after Stop the reader has the batch %+v, want it unchanged", batch)
					}
					d.Release() // does not wait
				}
				wantEnded(t, ended, true)
				select {
				case <-d.Ready():
					t.Error("a batch is ready after Stop")
				default:
				}
			})
		})
	}
}

// The connection may end before there is a consumer.
func TestDeliveries_StopWithoutStart(t *testing.T) {
	t.Parallel()
	d, _ := start(nil, 100)
	d.Stop()
	d.Stop()
	select {
	case <-d.Ready():
		t.Error("a batch is ready, want none")
	default:
	}
}

func TestDeliveries_TruncatesBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const maxBody = 10
		fromLibrary := make(chan amqp091.Delivery, 3)
		bodies := []string{strings.Repeat("x", maxBody-1), strings.Repeat("x", maxBody), strings.Repeat("x", maxBody+1)}
		for _, body := range bodies {
			fromLibrary <- amqp091.Delivery{Body: []byte(body)}
		}
		d, _ := start(fromLibrary, maxBody)
		defer d.Stop()
		<-d.Ready()
		defer d.Release()
		batch, _ := d.Batch()
		for i, body := range bodies {
			want, check := body[:min(len(body), maxBody)], event.Check([]byte(body))
			if got := batch[i]; string(got.Body) != want || got.Check != check {
				t.Errorf("body of %d bytes: got %q, check %d, want %q, check %d", len(body), got.Body, got.Check, want, check)
			}
		}
	})
}
