package hub

import (
	"errors"
	"sync"
	"time"

	"ranger/internal/journal"
)

// batch is how many bytes of events one write gathers at least before it goes
// out, if there are as many.
const batch = 32 << 10

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

// write is the session's writer: it writes until there is nothing left to
// write, and ends. There is one at a time.
func (s *session) write() {
	buf := s.hub.buffers.take()
	defer s.hub.buffers.give(buf)
	defer func() {
		if r := recover(); r != nil {
			s.hub.log.Error("a session's writer panicked", "panic", r, "peer", s.peer)
			s.giveUp()
		}
	}()
	for {
		w, ok := s.nextWork()
		if !ok {
			return
		}
		if err := s.do(&w, buf); err != nil {
			s.giveUp()
			return
		}
	}
}

// work is what one write is made of.
type work struct {
	frames  []byte          // to be written first
	cursor  *journal.Cursor // events to be written after that, where not nil
	feed    *feed           // how they are written
	by      time.Time       // when it is to be written, where not zero
	close   bool            // a close frame is the last
	code    uint16          // of it
	reason  string          // of it
	written chan struct{}   // to be closed then, where not nil
}

// nextWork takes what is to be written, or ends the writer where there is
// nothing.
func (s *session) nextWork() (w work, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Who is sent away gets first what is there for them.
	beat := s.takeBeatLocked()
	events := (s.woken || beat) && s.cursor != nil && (s.ending == 0 || s.ending.sendsAway() && time.Now().Before(s.goneBy))
	closing := s.ending != 0
	if s.broken || s.closeSent || (len(s.frames) == 0 && !events && !closing) {
		s.writing = false
		s.releaseLocked()
		return work{}, false
	}
	w = work{frames: s.frames, written: s.written, close: closing, code: s.closeCode, reason: s.ending.reason(), by: s.goneBy}
	s.frames, s.written, s.closeSent = nil, nil, closing
	if events {
		w.cursor, w.feed, s.woken = s.cursor, s.feed, false
	}
	return w, true
}

// do writes w in one system call, gathering it in buf.
func (s *session) do(w *work, buf *[]byte) error {
	defer func() {
		if w.written != nil {
			close(w.written)
		}
	}()
	b := append((*buf)[:0], w.frames...)
	events := 0
	if w.cursor != nil {
		var more bool
		b, events, more = s.gather(b, w)
		if more {
			s.goOn(w)
		}
	}
	now := time.Now()
	if len(b) > len(w.frames) && s.expire(now) {
		b, events = b[:len(w.frames)], 0
	}
	if w.close {
		b = appendClose(b, w.code, w.reason)
	}
	*buf = b
	if len(b) == 0 {
		return nil
	}
	deadline := now.Add(s.hub.cfg.WriteTimeout)
	if !w.by.IsZero() && w.by.Before(deadline) {
		deadline = later(w.by, now.Add(leastWrite))
	}
	if err := s.wire.Conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	if _, err := s.wire.Conn.Write(b); err != nil {
		return err
	}
	if events > 0 {
		s.hub.metrics.Delivered(events)
	}
	if w.close {
		return s.wire.SetReadDeadline(time.Now().Add(closeTimeout))
	}
	return nil
}

// leastWrite is how long a write may take at least, also the last one of a client
// that is sent away.
const leastWrite = time.Second

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// gather appends the events that are there to buf, up to a batch, and returns
// their number and whether there may be more.
func (s *session) gather(buf []byte, w *work) (_ []byte, n int, more bool) {
	var entries [16]journal.Entry
	for len(buf) < batch {
		k, err := w.read(entries[:])
		if errors.Is(err, journal.ErrBehind) {
			s.end(TooSlow)
			return buf, n, false
		}
		for i := range entries[:k] {
			var isEvent bool
			if buf, isEvent = w.feed.appendEntry(buf, &entries[i]); isEvent {
				n++
			}
		}
		if k < len(entries) {
			return w.feed.appendBeat(buf), n, false
		}
	}
	return buf, n, true
}

func (w *work) read(dst []journal.Entry) (int, error) {
	if w.feed == nil {
		return w.cursor.Read(dst)
	}
	return w.feed.read(dst)
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
	if now.Before(s.identity.Expires) {
		return false
	}
	s.endLocked(TokenExpired, uint16(TokenExpired))
	return true
}

// giveUp ends the writer for good after a failed write.
func (s *session) giveUp() {
	s.mu.Lock()
	s.broken, s.writing = true, false
	s.releaseLocked()
	s.mu.Unlock()
	s.drop()
}
