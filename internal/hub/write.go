package hub

import (
	"errors"
	"sync"
	"time"

	"ranger/internal/hub/internal/protocol"
	"ranger/internal/journal"
)

// batch is how many bytes of events one write gathers at least before it goes
// out, if there are as many.
const batch = 32 << 10

// batchEntries is how many entries are looked at for one write: with a filter few
// of them may be written, and other sockets wait for the same writer.
const batchEntries = 1024

// buffers holds the writers' buffers, so that an idle socket holds none.
type buffers struct{ pool sync.Pool }

func (b *buffers) take() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	return new(make([]byte, 0, 1024))
}

// give takes a buffer back, unless one large message made it big.
func (b *buffers) give(p *[]byte) {
	if cap(*p) <= 4*batch {
		b.pool.Put(p)
	}
}

// startWriterLocked has what there is written, by the writers where a write does
// not wait for the peer, else by a goroutine of the session's own.
func (s *session) startWriterLocked() {
	switch {
	case s.writing || s.broken:
	case s.wire.raw != nil:
		s.writing = true
		s.hub.writers.push(s)
	default:
		s.writing = true
		s.hub.running.Go(s.write)
	}
}

// write writes until there is nothing left to write, waiting for the peer.
func (s *session) write() {
	buf := s.hub.buffers.take()
	defer s.hub.buffers.give(buf)
	var w work
	defer s.recoverWriter(&w)
	for {
		var ok bool
		if w, ok = s.nextWork(); !ok {
			return
		}
		if err := s.do(&w, buf); err != nil {
			s.giveUp(&w)
			return
		}
	}
}

// recoverWriter is deferred: a panic of a writer ends its session alone. Nobody
// waits on for w, which it was at.
func (s *session) recoverWriter(w *work) {
	if r := recover(); r != nil {
		s.hub.log.Error("a session's writer panicked", "panic", r, "peer", s.peer())
		s.giveUp(w)
	}
}

// work is what one write is made of.
type work struct {
	frames  []byte          // to be written first
	cursor  *journal.Cursor // events to be written after that, where not nil
	sub     *subscription   // how they are written
	by      instant         // when it is to be written, where not zero
	close   bool            // a close frame is the last
	code    uint16          // of it
	reason  string          // of it
	written chan struct{}   // to be closed then, where not nil
	taken   time.Time       // when the oldest live event came; zero where there is none
	live    int             // entries that were read and are not replayed
}

// nextWork takes what is to be written, or ends the writer where there is
// nothing.
func (s *session) nextWork() (w work, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	events, ok := s.pendingLocked()
	if !ok {
		s.writing = false
		s.releaseLocked()
		return work{}, false
	}
	closing := s.ending != 0
	w = work{frames: s.frames, written: s.written, close: closing, code: s.closeCode, reason: s.ending.Text(), by: s.goneBy}
	s.frames, s.written, s.closeSent = nil, nil, closing
	if events {
		w.cursor, w.sub, s.woken = s.cursor, s.sub, false
	}
	return w, true
}

// pendingLocked tells the writer, which calls it, whether there is something to
// write, and whether there may be events in it.
func (s *session) pendingLocked() (events, ok bool) {
	beat := s.takeBeatLocked()
	if s.broken || s.closeSent {
		return false, false
	}
	// Who is sent away gets first what is there for them.
	events = (s.woken || beat) && s.cursor != nil && (s.ending == 0 || s.ending.IsDrain() && s.hub.now() < s.goneBy)
	return events, events || len(s.frames) > 0 || s.ending != 0
}

// do writes w in one system call, gathering it in buf.
func (s *session) do(w *work, buf *[]byte) error {
	b, events := s.compose((*buf)[:0], w)
	*buf = b
	if err := s.writeInTime(w, b); err != nil {
		return err
	}
	return s.wrote(w, events)
}

// compose appends to b all that is to be written, and returns how many events
// are in it.
func (s *session) compose(b []byte, w *work) (_ []byte, events int) {
	b = append(b, w.frames...)
	if w.cursor != nil {
		var more bool
		b, events, more = s.gather(b, w)
		if more {
			s.goOn(w)
		}
	}
	if len(b) > len(w.frames) && s.expire(time.Now()) {
		b, events = b[:len(w.frames)], 0
	}
	if w.close {
		b = protocol.AppendClose(b, w.code, w.reason)
	}
	return b, events
}

// writeInTime writes b, waiting for the peer, but not for ever.
func (s *session) writeInTime(w *work, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	now := time.Now()
	deadline := now.Add(s.hub.cfg.WriteTimeout)
	if w.by != 0 {
		left := s.hub.at(now).until(w.by)
		deadline = now.Add(min(s.hub.cfg.WriteTimeout, max(left, leastWrite)))
	}
	if err := s.wire.Conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	_, err := s.wire.Conn.Write(b)
	return err
}

// wrote says that w was written, with so many events.
func (s *session) wrote(w *work, events int) error {
	if w.written != nil {
		close(w.written)
		w.written = nil
	}
	if w.live > 0 {
		s.countLive(w.live)
	}
	if events > 0 {
		s.hub.metrics.Delivered(events)
		if !w.taken.IsZero() {
			s.hub.metrics.Lagged(max(0, time.Since(w.taken)))
		}
	}
	if w.close {
		err := s.wire.SetReadDeadline(time.Now().Add(s.hub.closeWait))
		s.unpark()
		return err
	}
	return nil
}

// leastWrite is how long a write may take at least, also the last one of a client
// that is sent away.
const leastWrite = time.Second

// gather appends the events that are there to buf, up to a batch, and returns
// their number and whether there may be more.
func (s *session) gather(buf []byte, w *work) (_ []byte, n int, more bool) {
	var entries [16]journal.Entry
	for looked := 0; len(buf) < batch && looked < batchEntries; looked += len(entries) {
		k, err := w.read(entries[:])
		if errors.Is(err, journal.ErrBehind) {
			s.end(protocol.TooSlow)
			return buf, n, false
		}
		w.countLive(entries[:k])
		for i := range entries[:k] {
			var isEvent bool
			if buf, isEvent = w.sub.appendEntry(buf, &entries[i]); isEvent {
				n++
				w.note(&entries[i])
			}
		}
		if k < len(entries) {
			return w.sub.appendHeartbeat(buf), n, false
		}
	}
	return buf, n, true
}

// countLive counts entries that are not replayed, by the state of the subscription before them.
func (w *work) countLive(entries []journal.Entry) {
	if w.sub == nil || !w.sub.replaying {
		w.live += len(entries)
	}
}

// note takes down when e came, if it is the first live event.
func (w *work) note(e *journal.Entry) {
	if w.taken.IsZero() && (w.sub == nil || !w.sub.replaying) {
		w.taken = e.Taken()
	}
}

func (w *work) read(dst []journal.Entry) (int, error) {
	if w.sub == nil {
		return w.cursor.Read(dst)
	}
	return w.sub.read(dst)
}

// goOn has the writer come back for the events that w left, and puts off the
// close frame until then.
func (s *session) goOn(w *work) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.woken = true
	if w.close {
		w.close, s.closeSent = false, false
	}
}

// expire ends the session if its token is no longer good at now: then no write
// of an event may begin.
func (s *session) expire(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.expires.until(now) > 0 {
		return false
	}
	s.endLocked(protocol.TokenExpired, uint16(protocol.TokenExpired))
	return true
}

// giveUp ends writing for good after a failed write: that of w.
func (s *session) giveUp(w *work) {
	if w.written != nil {
		close(w.written)
		w.written = nil
	}
	s.mu.Lock()
	s.broken, s.writing = true, false
	s.releaseLocked()
	s.mu.Unlock()
	s.drop()
}
