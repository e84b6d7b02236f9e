package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame/frametest"
)

// patient are timeouts that no test reaches.
func patient() conn.Timeouts {
	return conn.Timeouts{Handshake: time.Hour, Heartbeat: time.Hour, Close: time.Hour, Answer: time.Hour}
}

// serve has a goroutine call handle with each connection to ln, one at a time, until
// the test ends.
func serve(t *testing.T, ln net.Listener, handle func(net.Conn)) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			handle(c)
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-ended
	})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// closing is a connection that counts how often it is closed.
type closing struct {
	net.Conn
	closed *atomic.Int32
}

func (c closing) Close() error {
	c.closed.Add(1)
	return c.Conn.Close()
}

func TestDial_FailsWithAdvice(t *testing.T) {
	t.Parallel()
	unused := listen(t)
	_ = unused.Close()
	hangsUp := listen(t)
	serve(t, hangsUp, func(c net.Conn) { _ = c.Close() })
	noLogin := listen(t)
	serve(t, noLogin, func(c net.Conn) { // the library returns an error, and leaves the connection open
		_, _ = io.WriteString(c, frametest.Method(0, 10, 10, "\x00\x09\x00\x00\x00\x00\x00\x00\x00\x08EXTERNAL\x00\x00\x00\x05en_US"))
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	})
	for name, c := range map[string]struct{ url, want, advice string }{
		"no URL":          {"", "not an AMQP URI", "RABBITMQ_URL"},
		"another scheme":  {"http://user:secret@localhost", "not an AMQP URI", "percent-encode"},
		"a bad password":  {"amqp://user:sec%ret@localhost", "not an AMQP URI", "percent-encode"},
		"nothing listens": {"amqp://user:secret@" + unused.Addr().String(), "refused", "RABBITMQ_HOST"},
		"no known login":  {"amqp://user:secret@" + noLogin.Addr().String(), "SASL", "RABBITMQ_USER"},
		"broker hangs up": {"amqp://user:secret@" + hangsUp.Addr().String(), "connect to the broker", "RABBITMQ_HOST"},
	} {
		var closed atomic.Int32
		_, err := conn.Dial(t.Context(), c.url, conn.Options{Timeouts: patient(), Wrap: func(c net.Conn) net.Conn { return closing{c, &closed} }})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(conn.Advice(err), c.advice) {
			t.Errorf("%s: got %v, advice %q, want %q, advice %q", name, err, conn.Advice(err), c.want, c.advice)
			continue
		}
		if strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: the error has the password: %v", name, err)
		}
		if name == "no known login" && closed.Load() == 0 {
			t.Errorf("%s: what Wrap returned was not closed", name)
		}
	}
}

func TestDial_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	silent := listen(t)
	serve(t, silent, func(c net.Conn) {
		cancel() // now the client waits for the handshake
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	})
	_, err := conn.Dial(ctx, "amqp://"+silent.Addr().String(), conn.Options{Timeouts: patient()})
	if err == nil || conn.Advice(err) == "" {
		t.Errorf("got %v, advice %q, want an error with advice", err, conn.Advice(err))
	}
}

// The context ends the attempt, not the connection; Wrap gets what the library does
// not.
func TestDial_OpensAConnection(t *testing.T) {
	t.Parallel()
	in := demux.New(100)
	ln := listen(t)
	broker := &frametest.Broker{Consumer: in.Tag(), Text: frametest.Message(in.Tag(), 1, "", "hello", 100)}
	serve(t, ln, broker.Serve)
	ctx, cancel := context.WithCancel(t.Context())
	c, err := conn.Dial(ctx, "amqp://"+ln.Addr().String(), conn.Options{Name: "a test", Timeouts: patient(), Wrap: in.Wrap, Behind: in.BehindSince})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	defer in.Stop() // before that
	cancel()
	var deliveries <-chan amqp091.Delivery
	if err := c.OnChannel(func(ch *amqp091.Channel) error { return ch.Qos(1, 0, false) }); err != nil {
		t.Fatal(err)
	}
	ch, err := c.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(func() (err error) {
		deliveries, err = ch.Consume("q", in.Tag(), false, false, false, false, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	<-in.Ready()
	if batch, _ := in.Batch(); len(batch) != 1 || string(batch[0].Body) != "hello" {
		t.Errorf("got %d messages, want one with the body hello", len(batch))
	}
	in.Release()
	if d, open := <-deliveries; open {
		t.Errorf("the library got %v, want only the end of its consumer", d)
	}
}

// A refusal closes the channel and not the connection.
func TestOnChannel_ReturnsTheRefusal(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	broker := &frametest.Broker{Refusals: []string{"not like this"}}
	serve(t, ln, broker.Serve)
	c, err := conn.Dial(t.Context(), "amqp://"+ln.Addr().String(), conn.Options{Timeouts: patient()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, refused := range []bool{true, false} {
		err := c.OnChannel(func(ch *amqp091.Channel) error {
			_, err := ch.QueueDeclare("q", true, false, false, false, nil)
			return err
		})
		if refused != conn.IsCode(err, amqp091.PreconditionFailed) || !refused && err != nil {
			t.Errorf("got %v, want a refusal: %t", err, refused)
		}
	}
	if c.IsClosed() {
		t.Error("the connection is closed, want it open")
	}
	c.Close()
	c.Close() // once more
	if err := c.OnChannel(func(*amqp091.Channel) error { return nil }); !errors.Is(err, amqp091.ErrClosed) {
		t.Errorf("after Close: got %v, want %v", err, amqp091.ErrClosed)
	}
}
