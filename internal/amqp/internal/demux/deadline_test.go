package demux_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame/frametest"
)

// A broker that sends only messages is alive. One that sends nothing for as long as
// the library allows is not, whether the library or the reader has the connection.
func TestDemux_ExtendsTheReadDeadline(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*demux.Conn) []frametest.Copy{
		"library": func(c *demux.Conn) []frametest.Copy { return takeBatch(c) },
		"reader":  func(c *demux.Conn) []frametest.Copy { return drain(c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				conn, broker := net.Pipe()
				defer broker.Close() //nolint:errcheck // nothing depends on it
				c := demux.NewWithTag(frametest.Consumer, 100)
				c.Wrap(conn)
				defer c.Close()                                                                    //nolint:errcheck // as above
				if err := c.SetReadDeadline(time.Now().Add(7500 * time.Millisecond)); err != nil { // as the library does
					t.Fatal(err)
				}
				begin := time.Now()
				go func() {
					for range 60 {
						<-time.After(time.Second)
						_, _ = io.WriteString(broker, message(1, "", "hello", 100))
					}
				}()
				var readErr error
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, readErr = c.Read(make([]byte, 100))
				}()
				for got, reading := 0, true; reading; {
					select {
					case <-c.Ready():
						got += len(take(c))
					case <-ended:
						reading = false
						if got != 60 {
							t.Errorf("got %d messages, want 60", got)
						}
					}
				}
				if took := time.Since(begin); !errors.Is(readErr, os.ErrDeadlineExceeded) || took < 66*time.Second || took > 68*time.Second {
					t.Errorf("got %v after %v, want a timeout some 7 s after the 60th", readErr, took)
				}
			})
		})
	}
}

func TestDemux_WithoutDeadlineTheBrokerMayBeSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, broker := net.Pipe()
		c := demux.NewWithTag(frametest.Consumer, 100)
		c.Wrap(conn)
		for _, deadline := range []time.Time{time.Now().Add(time.Second), {}} {
			if err := c.SetReadDeadline(deadline); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			<-time.After(time.Hour)
			_ = broker.Close()
		}()
		if _, err := c.Read(make([]byte, 100)); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want io.EOF", err)
		}
	})
}
