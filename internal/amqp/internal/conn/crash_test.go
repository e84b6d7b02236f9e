package conn_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/testenv"
)

func TestIsCrash_IsAnErrorOfTheBroker(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]bool{541: true, 501: true, 502: true, 505: true, 320: false, 404: false, 406: false, 504: false} {
		err := fmt.Errorf("wrapped: %w", &amqp091.Error{Code: code, Server: true})
		if got := conn.IsCrash(err); got != want {
			t.Errorf("code %d from the broker: got %t, want %t", code, got, want)
		}
		if conn.IsCrash(&amqp091.Error{Code: code}) {
			t.Errorf("code %d from the library: got true, want false", code)
		}
	}
	if conn.IsCrash(nil) || conn.IsCrash(io.EOF) {
		t.Error("no error, or another one: got true, want false")
	}
}

// A connection that is cut has not crashed.
func TestIsCrash_IsNotACutConnection(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	go (&frametest.Broker{}).Serve(server)
	c, err := amqp091.Open(client, amqp091.Config{SASL: []amqp091.Authentication{&amqp091.PlainAuth{}}, Heartbeat: -time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ended := c.NotifyClose(make(chan *amqp091.Error, 1))
	_ = server.Close()
	select {
	case err := <-ended:
		if err == nil || conn.IsCrash(err) {
			t.Errorf("got error %v, a crash, want another error", err)
		}
	case <-time.After(testenv.Patience):
		t.Error("the library has not noticed that the connection was cut")
	}
}
