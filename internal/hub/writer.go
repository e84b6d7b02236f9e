package hub

import "ranger/internal/rawio"

// writer writes without waiting for peers. One goroutine uses it at a time.
type writer struct {
	buf *[]byte
	raw rawio.Writer
}

// writeBatch writes up to one batch without blocking, and requeues the session if more is
// pending. What the socket does not take at once is written by another goroutine. The
// session's writing must be true.
func (w *writer) writeBatch(s *session) {
	j := job{session: s}
	defer j.recoverPanic()
	if !j.take(s) {
		return
	}
	b := j.encode((*w.buf)[:0])
	*w.buf = b
	switch rest, err := w.raw.TryWrite(s.conn.raw, b); {
	case err != nil:
		j.fail()
	case len(rest) > 0:
		writeRest(j, append([]byte(nil), rest...))
	default:
		finishBatch(&j)
	}
}

// writeRest starts a goroutine that writes the rest of a batch.
func writeRest(j job, rest []byte) {
	j.session.hub.running.Go(func() {
		defer j.recoverPanic()
		if err := j.writeAndWait(rest); err != nil {
			j.fail()
			return
		}
		finishBatch(&j)
	})
}

// finishBatch notes that a batch is written, and requeues the session if more is pending.
func finishBatch(j *job) {
	if err := j.done(); err != nil {
		j.fail()
		return
	}
	s := j.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, more := s.pendingLocked(); more {
		s.hub.writers.push(s)
		return
	}
	s.out.stop()
}

// writeAll writes until nothing is pending, and waits for the peer.
func writeAll(s *session) {
	buf := s.hub.writeBuffers.Take()
	defer s.hub.writeBuffers.Give(buf)
	j := job{session: s}
	defer j.recoverPanic()
	for j.take(s) {
		*buf = j.encode((*buf)[:0])
		err := j.writeAndWait(*buf)
		if err == nil {
			err = j.done()
		}
		if err != nil {
			j.fail()
			return
		}
	}
}
