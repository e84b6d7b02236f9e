package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// welcome is the state of a client's authentication.
type welcome uint8

const (
	connecting welcome = iota
	challenged
	welcomed
)

// pongTimeout bounds the write of a pong.
const pongTimeout = 10 * time.Second

// client is one socket: it reads, answers pings and verifies each delivery.
type client struct {
	// Fixed at construction.
	fleet *fleet
	shard *shard
	index int // among all sockets of the run
	user  int
	// keepFirst keeps the first position instead of the latest one. It is set before
	// there are events.
	keepFirst bool

	// Owned by the goroutine that connects, then by the reader, then by the fleet.
	conn     net.Conn
	source   *timedReader // reads conn
	in       frames
	welcome  welcome
	resumed  bool   // the success line had resumed:true
	position []byte // to resume from; empty if the server gives none
	next     uint32 // number of the user's next event
	out      []byte // buffer of a pong
	err      error  // why the server ended the socket; nil if it did not
}

// closedError is a close by the server.
type closedError struct {
	code   uint16
	reason string
}

func (e *closedError) Error() string {
	text := fmt.Sprintf("closed by the server: %d %s", e.code, e.reason)
	if e.code == tooSlow {
		text += "; its user had more events at once than the server keeps: raise HISTORY_SIZE of the server"
	}
	return text
}

// tooSlow is the close code of a socket that fell behind the server's window.
const tooSlow = 4100

// read is the client's goroutine. It reads until the socket ends.
func (c *client) read() {
	if c.fleet.holdReads != nil {
		<-c.fleet.holdReads
		widen(c.conn)
	}
	err := c.processFrames()
	for err == nil {
		if err = c.in.fill(c.source); err == nil {
			err = c.processFrames()
		}
	}
	_ = c.conn.Close()
	if !c.fleet.stopping.Load() {
		c.err = err
		c.fleet.socketEnded(c)
	}
}

// processFrames handles the frames that were read. After an error the socket cannot
// be used.
func (c *client) processFrames() error {
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
				err = c.control(payload)
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
		c.fleet.counts.add(int64(got), now) // last, because await's caller then reads the shards
	}
	return err
}

// deliver verifies a trade and appends its latencies to batch. valid reports that the
// trade is the expected one or a later one. Trades that a later one skips count as
// missing; if they arrive after it, they count as duplicated too.
func (c *client) deliver(text []byte, now time.Duration, batch []sample) (_ []sample, valid bool, err error) {
	r := c.fleet.run
	t, ok := parseTrade(text)
	if !ok {
		return batch, false, fmt.Errorf("unpublished trade: %.300q", text)
	}
	due, l := r.schedule.due(t.serial)
	switch {
	case l == 0:
		return batch, false, fmt.Errorf("unpublished trade: %.300q", text)
	case t.user != c.user:
		r.faults.add(misdelivered, 1, "a socket of %s received trade %d of %s", r.workload.uid(c.user), t.serial, r.workload.uid(t.user))
		return batch, false, nil
	case t.number < c.next:
		r.faults.add(duplicated, 1, "a socket of %s received event %d after event %d", r.workload.uid(c.user), t.number, c.next-1)
		return batch, false, nil
	case t.number > c.next:
		r.faults.add(missing, int64(t.number-c.next), "a socket of %s received event %d, but not %d to %d before it", r.workload.uid(c.user), t.number, c.next, t.number-1)
	}
	c.next = t.number + 1
	batch = append(batch, sample{l, now - due})
	if c.fleet.resume {
		if at, ok := c.storePosition(t.rest); ok && l <= classDuring {
			batch = append(batch, sample{l + sinceReceipt, c.arrived(now).Sub(time.UnixMilli(at))})
		}
	}
	return batch, true, nil
}

// arrived returns the time at which the last bytes arrived at the socket. If the
// system does not provide it, that is now, when they had been read.
func (c *client) arrived(now time.Duration) time.Time {
	if at := c.source.at; !at.IsZero() {
		return at
	}
	r := c.fleet.run
	if !r.unstamped.Load() {
		r.unstamped.Store(true)
	}
	return r.start.Add(now)
}

// storePosition stores the position of a message that ends with text, and returns
// the time at which the server received it from the broker. ok is false if there is
// none.
func (c *client) storePosition(text []byte) (at int64, ok bool) {
	const longest = 110 // length of the keys after an event on a socket that resumes, in bytes
	text = text[max(0, len(text)-longest):]
	_, text, ok = bytes.Cut(text, []byte(`"position":"`))
	end := bytes.IndexByte(text, '"')
	if !ok || end < 0 {
		return 0, false
	}
	if !c.keepFirst || len(c.position) == 0 {
		c.position = append(c.position[:0], text[:end]...)
	}
	_, text, ok = bytes.Cut(text, []byte(`,"at":`))
	ms, _ := cutDigits(text)
	return int64(ms), ok && ms > 0 //nolint:gosec // cutDigits reads at most 19 digits
}

// control handles text messages other than trades.
func (c *client) control(text []byte) error {
	is := func(kind string) bool { return bytes.HasPrefix(text, []byte(kind)) }
	switch {
	case is(`{"challenge":"`) && c.welcome == connecting:
		c.welcome = challenged
	case is(`{"success":{`) && c.welcome == challenged:
		c.welcome = welcomed
		c.resumed = bytes.Contains(text, []byte(`"resumed":true`))
		c.storePosition(text)
	case is(`{"heartbeat":{`) && c.fleet.resume:
		c.storePosition(text)
	case is(`{"token":{`): // the run ends before the token does
	case is(`{"gap":{`):
		c.fleet.run.faults.gap(text)
		c.storePosition(text)
	default:
		return fmt.Errorf("unexpected message: %.200q", text)
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

// closed converts a close frame to an error.
func closed(payload []byte) error {
	if len(payload) < 2 {
		return errors.New("closed by the server, without a code")
	}
	return &closedError{binary.BigEndian.Uint16(payload), string(payload[2:])}
}
