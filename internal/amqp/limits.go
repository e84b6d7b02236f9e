package amqp

import "time"

// limits are how long ranger waits for a broker, and then takes it for one that is
// out of order. Zero values stand for the defaults given. Tests of other things set
// them to hours, since a slow machine is no broker out of order.
type limits struct {
	handshake time.Duration // handshakeTimeout
	heartbeat time.Duration // heartbeat
	goodbye   time.Duration // hangUpTimeout
	answer    time.Duration // answerTimeout
	record    time.Duration // recordTimeout
	window    time.Duration // windowTimeout
	end       time.Duration // endPause
	// silence is how long nothing may come while a marker is awaited: two looks.
	silence time.Duration
	// straggle is by how much a message may come later than a marker that was
	// published after it: a fifth of a look.
	straggle time.Duration
}

// withDefaults returns l with the defaults of all that does not depend on how often a
// node looks.
func (l limits) withDefaults() limits {
	or(&l.handshake, handshakeTimeout)
	or(&l.heartbeat, heartbeat)
	or(&l.goodbye, hangUpTimeout)
	or(&l.answer, answerTimeout)
	or(&l.record, recordTimeout)
	or(&l.window, windowTimeout)
	or(&l.end, endPause)
	return l
}
