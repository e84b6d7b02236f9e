package demux_test

import (
	"io"
	"testing"

	"go.uber.org/goleak"

	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame/frametest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// message returns the frames of a message to the consumer of the tests.
func message(tag uint64, table, body string, piece int) string {
	return frametest.Message(frametest.Consumer, tag, table, body, piece)
}

// read has a demux.Conn read all of text, atATime bytes a read. It returns what the
// library reads, and the deliveries with the headers of these names. The reader
// releases the connection at once and reads on by turns.
func read(text string, atATime, maxBody int, headers ...string) (toLibrary string, deliveries []frametest.Copy, err error) {
	c := demux.NewWithTag(frametest.Consumer, maxBody)
	c.Wrap(frametest.NewConn(text, atATime))
	var out []byte
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		out, err = io.ReadAll(c)
	}()
	for n := 0; ; n++ {
		select {
		case <-c.Ready():
			if n%2 == 0 {
				deliveries = append(deliveries, drain(c, headers...)...)
			} else {
				deliveries = append(deliveries, takeBatch(c, headers...)...)
			}
		case <-ended:
			return string(out), deliveries, err
		}
	}
}

// takeBatch returns the deliveries of the batch, and releases the connection, which
// the caller has.
func takeBatch(c *demux.Conn, headers ...string) []frametest.Copy {
	defer c.Release()
	return batch(c, headers)
}

// drain returns deliveries until the connection must be released, and releases it.
func drain(c *demux.Conn, headers ...string) (all []frametest.Copy) {
	defer c.Release()
	for more := true; more; more = c.Next() {
		all = append(all, batch(c, headers)...)
	}
	return all
}

func batch(c *demux.Conn, headers []string) (all []frametest.Copy) {
	deliveries, _ := c.Batch()
	for i := range deliveries {
		all = append(all, frametest.CopyOf(&deliveries[i], headers...))
	}
	return all
}
