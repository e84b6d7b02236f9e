package protocol

import (
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/journal"
)

// suffixRoom is enough for what is added to a message.
const suffixRoom = 128

// EventFields are what an event is sent with to a client that opted in.
type EventFields struct {
	Position journal.Position
	Prev     uint64 // offset of the event before
	HasPrev  bool
	At       int64 // Unix ms
	Replay   bool
}

// AppendEvent appends a frame with an event and its fields. The message is a JSON object.
func AppendEvent(dst, message []byte, f *EventFields) []byte {
	var room [suffixRoom]byte
	b := appendPosition(room[:0], f.Position)
	if f.HasPrev {
		b = strconv.AppendUint(append(b, `,"prev":`...), f.Prev, 10)
	}
	b = strconv.AppendInt(append(b, `,"at":`...), f.At, 10)
	if f.Replay {
		b = append(b, `,"replay":true`...)
	}
	b = append(b, '}')
	return appendText(dst, message[:len(message)-1], b) // {"trade":{…}
}

// AppendGap appends a frame with a gap and its position.
func AppendGap(dst, message []byte, at journal.Position) []byte {
	var room [suffixRoom]byte
	b := append(appendPosition(room[:0], at), "}}"...)
	return appendText(dst, message[:len(message)-2], b) // {"gap":{…
}

// HeartbeatFields are what a heartbeat reports.
type HeartbeatFields struct {
	Position journal.Position // the client has been sent everything up to it
	Last     uint64           // offset of the last event up to there
	HasLast  bool
	At       int64 // Unix ms
}

// AppendHeartbeat appends a frame with a heartbeat.
func AppendHeartbeat(dst []byte, f HeartbeatFields) []byte {
	var room [suffixRoom]byte
	b := append(room[:0], `{"heartbeat":{`...)
	if f.HasLast {
		b = append(strconv.AppendUint(append(b, `"last":`...), f.Last, 10), ',')
	}
	b = f.Position.Append(append(b, `"position":"`...))
	b = strconv.AppendInt(append(b, `","at":`...), f.At, 10)
	return AppendFrame(dst, websocket.TextMessage, append(b, "}}"...))
}

// TokenExpiresIn returns the message that a token expires in d.
func TokenExpiresIn(d time.Duration) []byte {
	seconds := int64((d + time.Second - 1) / time.Second)
	return append(strconv.AppendInt([]byte(`{"token":{"expires_in":`), seconds, 10), "}}"...)
}

// ReconnectAfter returns the message that the server closes the socket in d.
func ReconnectAfter(d time.Duration) []byte {
	ms := max(0, d.Milliseconds())
	return append(strconv.AppendInt([]byte(`{"reconnect":{"after_ms":`), ms, 10), "}}"...)
}

// appendPosition appends a position to an object that has keys.
func appendPosition(dst []byte, p journal.Position) []byte {
	return append(p.Append(append(dst, `,"position":"`...)), '"')
}

// appendText appends a text frame of two parts.
func appendText(dst, head, tail []byte) []byte {
	dst = appendHead(dst, websocket.TextMessage, len(head)+len(tail))
	return append(append(dst, head...), tail...)
}
