package conn_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame/frametest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// While an answer waits behind messages that the reader has not processed, neither
// the request nor the connection is given up. If only the broker is waited for, both
// are.
func TestDo_WaitsLongerWhileTheReaderIsBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		socket, broker := net.Pipe()
		defer broker.Close() //nolint:errcheck // nothing depends on it
		in := demux.New(100)
		in.Wrap(socket)
		answer := frametest.Method(7, 60, 11, "")
		go func() {
			_, _ = io.WriteString(broker, frametest.Message(in.Tag(), 1, "", "hello", 100))
			_, _ = io.WriteString(broker, answer)
		}()
		time.AfterFunc(time.Minute, func() {
			<-in.Ready()
			in.Release()
		})
		c := conn.New(socket, in.BehindSince, conn.Timeouts{Answer: 2 * time.Second})
		begin := time.Now()
		err := c.Do(func() error {
			_, err := io.ReadFull(in, make([]byte, len(answer)))
			return err
		})
		if took := time.Since(begin); err != nil || took != time.Minute || c.TimedOut() {
			t.Fatalf("got %v after %v, timed out: %t, want the answer after a minute", err, took, c.TimedOut())
		}

		begin = time.Now()
		err = c.Do(func() error {
			_, err := in.Read(make([]byte, 1))
			return err
		})
		if took := time.Since(begin); !errors.Is(err, conn.ErrTimeout) || took < 2*time.Second || took > 4*time.Second || !c.TimedOut() {
			t.Errorf("got %v after %v, timed out: %t, want ErrTimeout some 2 s after the request", err, took, c.TimedOut())
		}
	})
}

func TestDo_ReturnsTheResultOfAnAnswerInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		socket, broker := net.Pipe()
		defer broker.Close() //nolint:errcheck // nothing depends on it
		c := conn.New(socket, nil, conn.Timeouts{})
		want := errors.New("refused")
		got := c.Do(func() error {
			<-time.After(29 * time.Second)
			return want
		})
		if !errors.Is(got, want) || c.TimedOut() {
			t.Errorf("got %v, timed out: %t, want %v", got, c.TimedOut(), want)
		}
		got = c.Do(func() error { // the default of Timeouts.Answer is 30 s
			_, err := socket.Read(make([]byte, 1))
			return err
		})
		if !errors.Is(got, conn.ErrTimeout) || !c.TimedOut() {
			t.Errorf("without an answer: got %v, timed out: %t, want ErrTimeout", got, c.TimedOut())
		}
	})
}
