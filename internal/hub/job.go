package hub

import (
	"errors"
	"time"

	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
)

// Bounds of one write. It may exceed batchBytes by one event.
const (
	batchBytes = 32 << 10
	// batchEntries is how many entries are read for one write. With a filter few of
	// them may be written, and other sockets wait for the same writer.
	batchEntries = 1024
)

// minWriteTime is the least time that a write may take, also the last one of a session
// that a drain has closed.
const minWriteTime = time.Second

// job is one write of a session: what is written, and what follows from it.
type job struct {
	session *session

	frames    []byte          // written first
	cursor    *journal.Cursor // events written after that, if not nil
	sub       *subscription   // how they are written
	close     bool            // a close frame is the last
	closing   closing         // of the session
	written   signal          // sent when frames are written, or never will be
	events    int             // events in the write
	live      int             // entries read for it that are not replayed
	firstRead time.Time       // when the oldest live event came from the broker; zero if there is none
}

// take takes what the session has to write, and reports whether there is something; if
// not, it notes that the writer ends.
func (j *job) take(s *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, ok := s.pendingLocked()
	if !ok {
		s.out.stop()
		return false
	}
	*j = job{session: s, frames: s.out.frames, written: s.out.written, close: s.closing.reason != 0, closing: s.closing}
	s.out.frames, s.out.written, s.out.closeSent = nil, nil, j.close
	if events {
		j.cursor, j.sub, s.out.woken = s.cursor, s.sub, false
	}
	return true
}

// encode appends to b everything that is written.
func (j *job) encode(b []byte) []byte {
	b = append(b, j.frames...)
	if j.cursor != nil {
		var more bool
		if b, more = j.appendEvents(b); more {
			j.requeue()
		}
	}
	if len(b) > len(j.frames) && j.isExpired() {
		b, j.events = b[:len(j.frames)], 0
	}
	if j.close {
		b = protocol.AppendClose(b, j.closing.reason, j.closing.peersCode)
	}
	return b
}

// appendEvents appends the events that there are, up to a batch, and reports whether there
// may be more.
func (j *job) appendEvents(b []byte) (_ []byte, more bool) {
	var entries [16]journal.Entry
	for n := 0; len(b) < batchBytes && n < batchEntries; n += len(entries) {
		k, err := j.read(entries[:])
		if errors.Is(err, journal.ErrBehind) {
			j.session.close(protocol.TooSlow)
			return b, false
		}
		for i := range entries[:k] {
			var isEvent bool
			b, isEvent = j.sub.appendEntry(b, &entries[i])
			j.count(&entries[i], isEvent)
		}
		if k < len(entries) {
			return j.sub.appendHeartbeat(b), false
		}
	}
	return b, true
}

func (j *job) read(dst []journal.Entry) (int, error) {
	if j.sub == nil {
		return j.cursor.Read(dst)
	}
	return j.sub.read(dst)
}

// count counts an entry that was read, and may be an event that is written.
func (j *job) count(e *journal.Entry, isEvent bool) {
	live := j.sub == nil || !j.sub.replaying
	if live {
		j.live++
	}
	if isEvent {
		j.events++
		if live && j.firstRead.IsZero() {
			j.firstRead = e.Taken()
		}
	}
}

// requeue has the writer come back for the events that are left, and puts off the close
// frame until then.
func (j *job) requeue() {
	s := j.session
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.woken = true
	if j.close {
		j.close, s.out.closeSent = false, false
	}
}

// isExpired closes the session and reports true if its token has expired: then no write
// of an event may begin (I5).
func (j *job) isExpired() bool {
	s := j.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expires.After(time.Now()) > 0 {
		return false
	}
	s.closeLocked(protocol.TokenExpired)
	return true
}

// writeAndWait writes b. It waits for the peer, up to the write timeout.
func (j *job) writeAndWait(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	s, now := j.session, time.Now()
	timeout := s.hub.cfg.WriteTimeout
	if deadline := j.closing.drainDeadline; deadline != 0 {
		timeout = min(timeout, max(minWriteTime, s.hub.clock.At(now).Until(deadline)))
	}
	if err := s.conn.Conn.SetWriteDeadline(now.Add(timeout)); err != nil {
		return err
	}
	_, err := s.conn.Conn.Write(b)
	return err
}

// done notes that everything is written.
func (j *job) done() error {
	s := j.session
	j.written.send()
	if j.live > 0 {
		s.mu.Lock()
		s.out.pace.Count(j.live, s.hub.clock.Now())
		s.mu.Unlock()
	}
	if j.events > 0 {
		s.hub.metrics.Delivered(j.events)
		if !j.firstRead.IsZero() {
			s.hub.metrics.Lagged(max(0, time.Since(j.firstRead)))
		}
	}
	if !j.close {
		return nil
	}
	err := s.conn.SetReadDeadline(time.Now().Add(s.hub.closeWait))
	s.unpark() // only a reader has a deadline
	return err
}

// fail ends the session after a failed write.
func (j *job) fail() {
	s := j.session
	j.written.send()
	s.mu.Lock()
	s.out.broken = true
	s.out.stop()
	s.mu.Unlock()
	s.drop()
}

// recoverPanic is deferred by writers: a panic ends only this session.
func (j *job) recoverPanic() {
	if v := recover(); v != nil {
		s := j.session
		s.hub.log.Error("session writer panicked", "panic", v, "peer", s.conn.peer())
		j.fail()
	}
}
