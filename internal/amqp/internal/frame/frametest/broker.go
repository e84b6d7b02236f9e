package frametest

import (
	"encoding/binary"
	"io"
	"net"
)

// Broker speaks AMQP 0-9-1 as far as one client needs it that opens a connection
// and channels, declares queues and consumes. It answers nothing else.
type Broker struct {
	// Consumer is the consumer tag that the client uses.
	Consumer string
	// Text is sent after basic.consume-ok; then the consumer is cancelled.
	Text string
	// Refusals are the reply texts, in order, with which queue.declare is refused as
	// PRECONDITION_FAILED; it succeeds for an empty text, and after the last.
	Refusals []string
}

// The client's methods that a Broker answers, class and number.
const (
	startOK      = 10<<8 | 11
	connOpen     = 10<<8 | 40
	connClose    = 10<<8 | 50
	channelOpen  = 20<<8 | 10
	channelClose = 20<<8 | 40
	queueDeclare = 50<<8 | 10
	qos          = 60<<8 | 10
	consume      = 60<<8 | 20
)

// Serve answers on c until it ends, and closes it.
func (b *Broker) Serve(c net.Conn) {
	defer c.Close() //nolint:errcheck // nothing depends on it
	if _, err := io.ReadFull(c, make([]byte, len("AMQP\x00\x00\x09\x01"))); err != nil {
		return
	}
	_, _ = io.WriteString(c, Method(0, 10, 10, "\x00\x09\x00\x00\x00\x00\x00\x00\x00\x05PLAIN\x00\x00\x00\x05en_US"))
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(c, payload); err != nil {
			return
		}
		if head[0] == 1 {
			_, _ = io.WriteString(c, b.answer(binary.BigEndian.Uint16(head[1:]), int(payload[1])<<8|int(payload[3])))
		}
	}
}

// answer returns the frames that answer a method on a channel.
func (b *Broker) answer(channel uint16, method int) string {
	switch method {
	case startOK:
		return Method(0, 10, 30, "\x00\x00\x00\x02\x00\x00\x00\x00") // tune
	case connOpen:
		return Method(0, 10, 41, "\x00")
	case connClose:
		return Method(0, 10, 51, "")
	case channelOpen:
		return Method(channel, 20, 11, "\x00\x00\x00\x00")
	case channelClose:
		return Method(channel, 20, 41, "")
	case queueDeclare:
		if len(b.Refusals) > 0 {
			text := b.Refusals[0]
			b.Refusals = b.Refusals[1:]
			if text != "" {
				return Method(channel, 20, 40, "\x01\x96"+ShortString(text)+"\x00\x32\x00\x0a") // 406
			}
		}
		return Method(channel, 50, 11, ShortString("q")+"\x00\x00\x00\x00\x00\x00\x00\x00")
	case qos:
		return Method(channel, 60, 11, "")
	case consume:
		return Method(channel, 60, 21, ShortString(b.Consumer)) + b.Text +
			Method(channel, 60, 30, ShortString(b.Consumer)+"\x01")
	default:
		return ""
	}
}
