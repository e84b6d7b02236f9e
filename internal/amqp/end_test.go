package amqp_test

import (
	"context"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/testenv"
)

// The end of a stream is where its last message stands: what tells a broker that
// is slow from a stream that is another one.
func TestStreamEnd(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p := newPeer(t, cfg.URL)
	if code := p.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"}); code != 0 {
		t.Fatalf("declare the stream: refused with %d", code)
	}
	limits := unlimited()
	limits.End = 100 * time.Millisecond
	if end, ok, err := amqp.StreamEnd(t.Context(), p.conn, cfg.Stream, limits); ok || err != nil {
		t.Errorf("an empty stream ends at %d, %v, %v", end, ok, err)
	}
	const messages = 300
	for range messages {
		p.publish("", cfg.Stream, amqp091.Publishing{Body: []byte("x")})
	}
	for { // on a slow machine it takes long to come
		end, ok, err := amqp.StreamEnd(t.Context(), p.conn, cfg.Stream, limits)
		if end == messages-1 && ok && err == nil {
			break
		}
		if limits.End *= 2; end > messages-1 || err != nil || limits.End > testenv.Patience {
			t.Fatalf("a stream of %d messages ends at %d, %v, %v", messages, end, ok, err)
		}
	}
	if _, _, err := amqp.StreamEnd(t.Context(), p.conn, cfg.Stream+".absent", limits); err == nil {
		t.Error("a stream that is not there has an end")
	}
}

// It does not run after the end of a stream that grows for as long as it reads.
func TestStreamEndUnderLoad(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	cfg := newConfig(t, testenv.RabbitMQ(t))
	p, reader := newPeer(t, cfg.URL), newPeer(t, cfg.URL)
	p.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"})
	ctx, cancel := context.WithCancel(t.Context()) // of the load
	defer cancel()
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			confirm, err := p.ch.PublishWithDeferredConfirm("", cfg.Stream, false, false, amqp091.Publishing{Body: []byte("x")})
			if err != nil {
				t.Error(err)
				return
			}
			if i%100 == 0 {
				confirm.Wait() // others need the broker too; and no chunk has more
			}
			if i == 1000 {
				close(begun)
			}
		}
	}()
	select {
	case <-begun:
	case <-ended:
		return
	}
	limits := unlimited()
	limits.End = 200 * time.Millisecond
	patient, giveUp := context.WithTimeout(t.Context(), testenv.Patience)
	defer giveUp()
	end, ok, err := amqp.StreamEnd(patient, reader.conn, cfg.Stream, limits)
	if err != nil || ok && end < 900 { // a slow broker shows none
		t.Errorf("the end was at %d, %v, %v", end, ok, err)
	}
	cancel()
	<-ended
}
