package amqp

import (
	"bytes"
	"slices"

	"ranger/internal/journal"
)

// content is a message that has come in part.
type content struct {
	delivery

	state   contentState
	channel uint16
	left    uint64 // bytes of the body to come
	whole   int    // bytes of the body that are kept, and to be kept
	owned   bool   // the body is no part of what was read
}

type contentState uint8

const (
	noContent contentState = iota
	awaitingHeader
	awaitingBody
)

// add adds the payload of a body frame, which is no longer than what is left. What
// comes as a whole stays where it is.
func (m *content) add(payload []byte) {
	m.left -= uint64(len(payload))
	m.check = journal.AddToCheck(m.check, payload)
	payload = payload[:min(len(payload), m.whole-len(m.body))]
	if len(m.body) == 0 && len(payload) == m.whole {
		m.body = slices.Clip(payload)
		return
	}
	if !m.owned {
		m.body, m.owned = append(make([]byte, 0, m.whole), m.body...), true
	}
	m.body = append(m.body, payload...)
}

// own gives what there is of a message memory of its own, since what it is
// a part of will be gone before it is whole.
func (m *content) own() {
	if m.state == noContent {
		return
	}
	m.delivery.own()
	if !m.owned && len(m.body) > 0 {
		m.body, m.owned = bytes.Clone(m.body), true
	}
}
