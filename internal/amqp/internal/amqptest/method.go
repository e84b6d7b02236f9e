package amqptest

import "encoding/binary"

// Method is a method of AMQP 0-9-1: the numbers of its class, in the upper 16 bits,
// and of itself.
type Method uint32

// Some methods that the broker sends.
const (
	ConnectionTune    Method = 10<<16 | 30
	ConnectionClose   Method = 10<<16 | 50
	ChannelOpenOK     Method = 20<<16 | 11
	ChannelClose      Method = 20<<16 | 40
	ChannelCloseOK    Method = 20<<16 | 41
	ExchangeDeclareOK Method = 40<<16 | 11
	ExchangeBindOK    Method = 40<<16 | 31
	QueueDeclareOK    Method = 50<<16 | 11
	QueueBindOK       Method = 50<<16 | 21
	BasicQosOK        Method = 60<<16 | 11
	BasicConsumeOK    Method = 60<<16 | 21
	BasicDeliver      Method = 60<<16 | 60
	BasicGetEmpty     Method = 60<<16 | 72
	ConfirmSelectOK   Method = 85<<16 | 11
)

// queueDeclare is a method that a client sends.
const queueDeclare Method = 50<<16 | 10

const (
	methodFrame = 1
	frameHead   = 7 // type, channel, size of the payload
	frameEnd    = 0xCE
)

// MethodOf returns the method of a frame, or 0 if it has none.
func MethodOf(frame []byte) Method {
	if frame[0] != methodFrame || len(frame) < frameHead+5 {
		return 0
	}
	return Method(binary.BigEndian.Uint32(frame[frameHead:]))
}

// CloseConnection returns the frame by which a broker closes a connection, with this
// code and reason, because of a queue.declare.
func CloseConnection(code uint16, reason string) []byte {
	return closing(0, ConnectionClose, code, reason)
}

// WithReason returns a channel.close frame with another reason.
func WithReason(frame []byte, reason string) []byte {
	code := binary.BigEndian.Uint16(frame[frameHead+4:])
	return closing(binary.BigEndian.Uint16(frame[1:]), ChannelClose, code, reason)
}

// closing returns a frame that closes a connection or a channel because of a
// queue.declare.
func closing(channel uint16, m Method, code uint16, reason string) []byte {
	payload := binary.BigEndian.AppendUint32(nil, uint32(m))
	payload = binary.BigEndian.AppendUint16(payload, code)
	payload = append(append(payload, byte(len(reason))), reason...)
	payload = binary.BigEndian.AppendUint32(payload, uint32(queueDeclare))
	frame := binary.BigEndian.AppendUint16([]byte{methodFrame}, channel)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(payload)))
	return append(append(frame, payload...), frameEnd)
}
