package protocol

import (
	"encoding/binary"

	"github.com/gorilla/websocket"
)

// CloseReason is why a socket ended: the close code that ranger sent, ClosedByPeer or
// Abnormal.
type CloseReason uint16

// Reasons for which ranger closes. docs/protocol.md says what the client should do.
const (
	GoingAway       CloseReason = 1001
	ProtocolError   CloseReason = 1002
	InvalidUTF8     CloseReason = 1007
	TooBig          CloseReason = 1009
	InternalError   CloseReason = 1011
	Restart         CloseReason = 1012
	TokenExpired    CloseReason = 4001
	AuthTimeout     CloseReason = 4002
	TooManyAttempts CloseReason = 4003
	IdentityChanged CloseReason = 4009
	TooSlow         CloseReason = 4100
)

// Reasons that are not ranger's.
const (
	// ClosedByPeer: the client closed, with whatever code.
	ClosedByPeer CloseReason = websocket.CloseNormalClosure
	// Abnormal: the connection broke, was silent for two ping intervals, or took no
	// bytes for a write timeout (RFC 6455 §7.1.5).
	Abnormal CloseReason = websocket.CloseAbnormalClosure
)

// CloseReasons returns all reasons.
func CloseReasons() []CloseReason {
	return []CloseReason{
		ClosedByPeer, GoingAway, ProtocolError, Abnormal, InvalidUTF8, TooBig, InternalError, Restart,
		TokenExpired, AuthTimeout, TooManyAttempts, IdentityChanged, TooSlow,
	}
}

// Text returns the reason text of a close frame, empty for reasons that are not
// ranger's.
func (r CloseReason) Text() string {
	switch r {
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

// IsDrain reports whether the node stops: then pending events are sent before the close
// frame.
func (r CloseReason) IsDrain() bool { return r == GoingAway || r == Restart }

// AppendClose appends a close frame with the code and text of a reason. If that is
// ClosedByPeer, the code is the peer's; if the peer has closed without a code, the frame
// has none.
func AppendClose(dst []byte, reason CloseReason, peersCode uint16) []byte {
	code := uint16(reason)
	if reason == ClosedByPeer {
		code = peersCode
	}
	if code == websocket.CloseNoStatusReceived {
		return AppendFrame(dst, websocket.CloseMessage, nil)
	}
	payload := binary.BigEndian.AppendUint16(nil, code)
	return AppendFrame(dst, websocket.CloseMessage, append(payload, reason.Text()...))
}
