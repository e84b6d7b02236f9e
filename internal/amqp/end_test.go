package amqp_test

import (
	"context"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
)

// The end of a stream is where its last message stands: what tells a broker that
// is slow from a stream that is another one.
func TestStreamEnd(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	p := newPeer(t, cfg.URL)
	if code := p.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"}); code != 0 {
		t.Fatalf("declare the stream: refused with %d", code)
	}
	if end, ok, err := amqp.StreamEnd(t.Context(), p.conn, cfg.Stream); ok || err != nil {
		t.Errorf("an empty stream ends at %d, %v, %v", end, ok, err)
	}
	const messages = 300
	for range messages {
		p.publish("", cfg.Stream, amqp091.Publishing{Body: []byte("x")})
	}
	if end, ok, err := amqp.StreamEnd(t.Context(), p.conn, cfg.Stream); end != messages-1 || !ok || err != nil {
		t.Errorf("a stream of %d messages ends at %d, %v, %v", messages, end, ok, err)
	}
	if _, _, err := amqp.StreamEnd(t.Context(), p.conn, cfg.Stream+".absent"); err == nil {
		t.Error("a stream that is not there has an end")
	}
}

// It does not run after the end of a stream that grows as fast as it reads.
func TestStreamEndUnderLoad(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, sharedURL(t))
	p, reader := newPeer(t, cfg.URL), newPeer(t, cfg.URL)
	p.queue(cfg.Stream, true, amqp091.Table{"x-queue-type": "stream"})
	ctx, cancel := context.WithCancel(t.Context())
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
				confirm.Wait() // others need the broker too
			}
			if i == 1000 {
				close(begun)
			}
		}
	}()
	<-begun
	began := time.Now()
	end, ok, err := amqp.StreamEnd(t.Context(), reader.conn, cfg.Stream)
	if took := time.Since(began); took > time.Second+slack {
		t.Errorf("it took %v", took)
	}
	if err != nil || ok && end < 900 { // a slow broker shows none
		t.Errorf("the end was at %d, %v, %v", end, ok, err)
	}
	cancel()
	<-ended
}
