package hub

import (
	"encoding/binary"

	"github.com/gorilla/websocket"
)

// Ending is why a socket ended: the close code that ranger sent, Left or Lost.
type Ending uint16

// The endings that ranger brings about. What the client should do is said in
// docs/protocol.md.
const (
	GoingAway       Ending = 1001
	ProtocolError   Ending = 1002
	InvalidUTF8     Ending = 1007
	TooBig          Ending = 1009
	InternalError   Ending = 1011
	Restart         Ending = 1012
	TokenExpired    Ending = 4001
	AuthTimeout     Ending = 4002
	TooManyAttempts Ending = 4003
	IdentityChanged Ending = 4009
	TooSlow         Ending = 4100
)

// The endings that are not ranger's.
const (
	// Left: the client closed, whatever its code.
	Left Ending = websocket.CloseNormalClosure
	// Lost: the connection broke, was silent for two pings, or took no bytes
	// for a write timeout (RFC 6455 §7.1.5).
	Lost Ending = websocket.CloseAbnormalClosure
)

// reason returns the text that goes with the code in a close frame.
func (e Ending) reason() string {
	switch e {
	case GoingAway:
		return "going away"
	case ProtocolError:
		return "protocol error"
	case InvalidUTF8:
		return "invalid UTF-8"
	case TooBig:
		return "message too big"
	case InternalError:
		return "internal error"
	case Restart:
		return "restart"
	case TokenExpired:
		return "token expired"
	case AuthTimeout:
		return "authentication timeout"
	case TooManyAttempts:
		return "too many attempts"
	case IdentityChanged:
		return "identity changed"
	case TooSlow:
		return "too slow"
	default:
		return ""
	}
}

// sendsAway tells whether the client has done nothing to be closed for: then
// what is there for it comes first.
func (e Ending) sendsAway() bool { return e == GoingAway || e == Restart }

// appendClose appends a close frame: with the code and the reason; for a client
// that left without a code, with neither.
func appendClose(dst []byte, code uint16, reason string) []byte {
	if code == websocket.CloseNoStatusReceived {
		return appendFrame(dst, websocket.CloseMessage, nil)
	}
	payload := binary.BigEndian.AppendUint16(nil, code)
	return appendFrame(dst, websocket.CloseMessage, append(payload, reason...))
}
