package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// welcome is how far the server has welcomed a client.
type welcome uint8

const (
	nothing welcome = iota
	challenged
	welcomed
)

// pongTimeout bounds the write of a pong.
const pongTimeout = 10 * time.Second

// client is one socket: it reads, answers pings, and verifies each delivery.
type client struct {
	// Fixed at construction.
	fleet *fleet
	shard *shard
	index int // of all sockets of the run
	user  int
	// pinned says that position stays the first that there was. It is set before
	// there are events.
	pinned bool

	// Owned by who opens it, then by its reader; by the fleet when that has ended.
	conn     net.Conn
	source   *arrival // reads conn
	in       frames
	welcome  welcome
	resumed  bool   // what the success line said
	position []byte // the latest; empty where the server tells none
	next     uint32 // number of the user's event that has to come next
	out      []byte // a pong
	err      error  // why the server ended it; nil where it did not
}

// closedError says that the server closed a socket.
type closedError struct {
	code   uint16
	reason string
}

func (e *closedError) Error() string {
	text := fmt.Sprintf("closed by the server: %d %s", e.code, e.reason)
	if e.code == tooSlow {
		text += "; its user had more events at once than the server keeps: raise HISTORY_SIZE there"
	}
	return text
}

// tooSlow is the code of a server whose window has passed the socket.
const tooSlow = 4100

// read reads until the socket ends. It is the client's reader.
func (c *client) read() {
	if c.fleet.hold != nil {
		<-c.fleet.hold
		widen(c.conn)
	}
	err := c.take()
	for err == nil {
		if err = c.in.fill(c.source); err == nil {
			err = c.take()
		}
	}
	_ = c.conn.Close()
	if !c.fleet.ending.Load() {
		c.err = err
		c.fleet.lost(c)
	}
}

// take handles all frames that were read. An error says that the socket is of no
// more use.
func (c *client) take() error {
	var room [32]sample
	got, batch := 0, room[:0]
	r := c.fleet.run
	now := r.now()
	op, payload, ok, err := c.in.next()
	for ok && err == nil {
		switch op {
		case opText:
			if bytes.HasPrefix(payload, []byte(`{"trade":`)) {
				var good bool
				batch, good, err = c.deliver(payload, now, batch)
				if good {
					got++
				}
			} else {
				err = c.hear(payload)
			}
		case opPing:
			err = c.pong(payload)
		case opClose:
			err = closed(payload)
		}
		if len(batch) > len(room)-2 {
			c.shard.add(batch)
			batch = room[:0]
		}
		if err == nil {
			op, payload, ok, err = c.in.next()
		}
	}
	if len(batch) > 0 {
		c.shard.add(batch)
	}
	if got > 0 {
		c.fleet.tally.add(int64(got), now) // last, for who awaits it looks at the shards
	}
	return err
}

// deliver verifies a trade and appends how late it is. Good says that it is the
// one that had to come, or one behind that: then what lies between is missing,
// and where it comes later, counts as sent twice, too.
func (c *client) deliver(text []byte, now time.Duration, batch []sample) (_ []sample, good bool, err error) {
	r := c.fleet.run
	t, ok := parseTrade(text)
	if !ok {
		return batch, false, fmt.Errorf("a trade that was not published: %.300q", text)
	}
	due, l := r.table.due(t.serial)
	switch {
	case l == 0:
		return batch, false, fmt.Errorf("a trade that was not published: %.300q", text)
	case t.user != c.user:
		r.faults.add(misdelivered, 1, "a socket of %s was sent trade %d of %s", r.plan.uid(c.user), t.serial, r.plan.uid(t.user))
		return batch, false, nil
	case t.number < c.next:
		r.faults.add(twice, 1, "a socket of %s was sent its event %d after %d", r.plan.uid(c.user), t.number, c.next-1)
		return batch, false, nil
	case t.number > c.next:
		r.faults.add(missing, int64(t.number-c.next), "a socket of %s was sent its event %d, but not %d to %d before it", r.plan.uid(c.user), t.number, c.next, t.number-1)
	}
	c.next = t.number + 1
	batch = append(batch, sample{l, now - due})
	if c.fleet.resume {
		if at, ok := c.keep(t.rest); ok && l <= laneDuring {
			batch = append(batch, sample{l + toReceipt, c.arrived(now).Sub(time.UnixMilli(at))})
		}
	}
	return batch, true, nil
}

// arrived returns when what was read last came to the socket: where the system does
// not say, now, when it had been read.
func (c *client) arrived(now time.Duration) time.Time {
	if at := c.source.at; !at.IsZero() {
		return at
	}
	r := c.fleet.run
	if !r.unstamped.Load() {
		r.unstamped.Store(true)
	}
	return r.begun.Add(now)
}

// keep stores the position of a message that ends with text, and returns when the
// server took it from the broker. False: it has none.
func (c *client) keep(text []byte) (at int64, ok bool) {
	const longest = 110 // bytes that a socket which resumes is sent behind an event
	text = text[max(0, len(text)-longest):]
	_, text, ok = bytes.Cut(text, []byte(`"position":"`))
	end := bytes.IndexByte(text, '"')
	if !ok || end < 0 {
		return 0, false
	}
	if !c.pinned || len(c.position) == 0 {
		c.position = append(c.position[:0], text[:end]...)
	}
	_, text, ok = bytes.Cut(text, []byte(`,"at":`))
	ms, _ := cutDigits(text)
	return int64(ms), ok && ms > 0 //nolint:gosec // 19 digits at most, and then no latency
}

// hear handles every text message but trades.
func (c *client) hear(text []byte) error {
	is := func(kind string) bool { return bytes.HasPrefix(text, []byte(kind)) }
	switch {
	case is(`{"challenge":"`) && c.welcome == nothing:
		c.welcome = challenged
	case is(`{"success":{`) && c.welcome == challenged:
		c.welcome = welcomed
		c.resumed = bytes.Contains(text, []byte(`"resumed":true`))
		c.keep(text)
	case is(`{"heartbeat":{`) && c.fleet.resume:
		c.keep(text)
	case is(`{"token":{`): // the run is over before it is
	case is(`{"gap":{`):
		c.fleet.run.faults.gap(text)
		c.keep(text)
	default:
		return fmt.Errorf("a message that has no place here: %.200q", text)
	}
	return nil
}

// pong answers a ping.
func (c *client) pong(payload []byte) error {
	c.out = appendMasked(c.out[:0], opPong, payload)
	_ = c.conn.SetWriteDeadline(time.Now().Add(pongTimeout))
	_, err := c.conn.Write(c.out)
	return err
}

// closed returns the error that a close frame is.
func closed(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("closed by the server, without a code")
	}
	return &closedError{binary.BigEndian.Uint16(payload), string(payload[2:])}
}
