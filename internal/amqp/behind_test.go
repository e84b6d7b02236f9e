package amqp_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp"
)

// A call is not given up, nor the connection, while its answer waits behind messages
// that the reader has not taken; where it waits for nothing but the broker it is.
func TestAnswerBehindTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, brokers := net.Pipe()
		defer brokers.Close() //nolint:errcheck // nothing depends on it
		in := amqp.NewIntake(ours, theTag, 100)
		answer := frame(1, 7, []byte{0, 60, 0, 11})
		go func() {
			_, _ = io.WriteString(brokers, message(1, "", "hello", 100))
			_, _ = io.WriteString(brokers, answer)
		}()
		time.AfterFunc(time.Minute, func() { in.Take() })
		begin := time.Now()
		err := in.InTime(2*time.Second, func() error {
			return second(io.ReadFull(in, make([]byte, len(answer))))
		})
		if took := time.Since(begin); err != nil || took != time.Minute {
			t.Fatalf("%v after %v, want the answer after a minute", err, took)
		}

		begin = time.Now()
		err = in.InTime(2*time.Second, func() error { return second(in.Read(make([]byte, 1))) })
		if took := time.Since(begin); err == nil || took < 2*time.Second || took > 4*time.Second {
			t.Errorf("%v after %v, want it to be given up some 2 seconds after the call", err, took)
		}
	})
}
