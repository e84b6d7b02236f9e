package hub

import (
	"slices"
	"sync"
)

// registry holds all sessions. Its zero value is ready for use; its methods are safe for
// concurrent use.
type registry struct {
	mu            sync.Mutex
	closed        bool       // guarded by mu: no session is added any more
	sessions      []*session // guarded by mu: a session's slot is its index
	authenticated int        // guarded by mu
}

// add adds s and calls start, unless the registry is closed.
func (r *registry) add(s *session, start func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	s.slot = int32(len(r.sessions)) //nolint:gosec // far fewer
	r.sessions = append(r.sessions, s)
	start()
	return true
}

// authenticate counts one more of the sessions as authenticated.
func (r *registry) authenticate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.authenticated++
}

// remove removes s, which may have been counted as authenticated.
func (r *registry) remove(s *session, authenticated bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.sessions) - 1
	r.sessions[s.slot] = r.sessions[last]
	r.sessions[s.slot].slot = s.slot
	r.sessions[last] = nil
	r.sessions = r.sessions[:last]
	if authenticated {
		r.authenticated--
	}
}

// part returns the indices of the n-th of so many equal parts of the sessions. If sessions
// end meanwhile, others may be missed once, or come twice.
func (r *registry) part(n, of int) (from, to int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := len(r.sessions)
	return n * all / of, (n + 1) * all / of
}

// copy copies the sessions from an index on to dst, and returns their number.
func (r *registry) copy(from int, dst []*session) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return copy(dst, r.sessions[min(from, len(r.sessions)):])
}

// all returns all sessions.
func (r *registry) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sessions)
}

// close returns all sessions. None is added any more.
func (r *registry) close() []*session {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.all()
}

// isClosed reports whether close was called.
func (r *registry) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// count returns the numbers of sessions, and of authenticated ones.
func (r *registry) count() (open, authenticated int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions), r.authenticated
}
