package amqp

import "time"

// limits bounds how long ranger waits for a broker before it gives up the
// connection. Zero stands for the default. Tests set them to hours, since a slow
// machine is not a broker that is out of order.
type limits struct {
	Handshake time.Duration // dialing, and the AMQP handshake, each; 10 s
	Heartbeat time.Duration // AMQP's heartbeat interval: a dead host is noticed within two; 5 s
	Goodbye   time.Duration // the answer to connection.close; 2 s
	Answer    time.Duration // any other answer: longer than a cluster takes to elect leaders and declare a stream; 30 s
	Record    time.Duration // the confirm of a gap record; 10 s
	Window    time.Duration // the first message of the window; 30 s
	End       time.Duration // the last message of a stream, a busy one has more behind it; 1 s

	// Silence is how long nothing may come while a marker is awaited, 2 × LookEvery;
	// Straggle is by how much a message may come later than a marker that was
	// published after it, LookEvery / 5. Only a Source has them.
	Silence, Straggle time.Duration
}

// withDefaults returns l with the defaults of all but Silence and Straggle.
func (l limits) withDefaults() limits {
	or(&l.Handshake, 10*time.Second)
	or(&l.Heartbeat, 5*time.Second)
	or(&l.Goodbye, 2*time.Second)
	or(&l.Answer, 30*time.Second)
	or(&l.Record, 10*time.Second)
	or(&l.Window, 30*time.Second)
	or(&l.End, time.Second)
	return l
}
