package scan_test

import (
	"context"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/scan"
	"ranger/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial opens a connection that has no time limits.
func dial(t *testing.T, url string) *conn.Conn {
	t.Helper()
	c, err := conn.Dial(t.Context(), url, conn.Options{Name: "a test", Timeouts: amqptest.Timeouts()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// The end of a stream is the offset of its last message: it distinguishes a slow broker
// from a stream that is another one.
func TestEnd_IsOffsetOfLastMessage(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg, p, c := amqptest.NewConfig(t, url), amqptest.NewPeer(t, url), dial(t, url)
	p.DeclareStream(cfg.Stream, nil)
	timeout := 100 * time.Millisecond
	if end, ok, err := scan.End(t.Context(), c, cfg.Stream, timeout, timeout); ok || err != nil {
		t.Errorf("an empty stream: got end %d, %t, error %v, want false and none", end, ok, err)
	}
	const messages = 300
	for range messages {
		p.Publish("", cfg.Stream, amqp091.Publishing{Body: []byte("x")})
	}
	for { // on a slow machine it takes long
		end, ok, err := scan.End(t.Context(), c, cfg.Stream, timeout, timeout)
		if end == messages-1 && ok && err == nil {
			break
		}
		if timeout *= 2; end > messages-1 || err != nil || timeout > testenv.Patience {
			t.Fatalf("a stream of %d messages: got end %d, %t, error %v, want %d", messages, end, ok, err, messages-1)
		}
	}
	if _, _, err := scan.End(t.Context(), c, cfg.Stream+".absent", timeout, timeout); !conn.IsCode(err, amqp091.NotFound) {
		t.Errorf("a stream that does not exist: got error %v, want code %d", err, amqp091.NotFound)
	}
}

// End returns although the stream grows as fast as it reads.
func TestEnd_ReturnsUnderLoad(t *testing.T) {
	t.Parallel()
	testenv.Heavy(t)
	url := testenv.RabbitMQ(t)
	cfg, p, c := amqptest.NewConfig(t, url), amqptest.NewPeer(t, url), dial(t, url)
	p.DeclareStream(cfg.Stream, nil)
	ctx, cancel := context.WithCancel(t.Context()) // of the load
	defer cancel()
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			confirm, err := p.Channel.PublishWithDeferredConfirm("", cfg.Stream, false, false, amqp091.Publishing{Body: []byte("x")})
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
	patient, giveUp := context.WithTimeout(t.Context(), testenv.Patience)
	defer giveUp()
	end, ok, err := scan.End(patient, c, cfg.Stream, amqptest.Never, 200*time.Millisecond)
	if err != nil || !ok || end < 900 {
		t.Errorf("got end %d, %t, error %v, want 900 or more", end, ok, err)
	}
	cancel()
	<-ended
}
