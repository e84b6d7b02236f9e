package control

// NewDetachedWriter returns a Writer with this id that has no connection and has
// sent this many markers.
func NewDetachedWriter(id string, sent int64) *Writer {
	return &Writer{id: id, sent: sent, notice: make(chan struct{}, 1), done: make(chan struct{})}
}

// Observed returns the number of the newest marker observed.
func (w *Writer) Observed() int64 { return w.observed.Load() }

// SetBlocked sets whether an alarm blocks the connection.
func (w *Writer) SetBlocked(blocked bool) { w.blocked.Store(blocked) }

// End ends the channel of w.
func (w *Writer) End(err error) {
	w.err = err
	close(w.done)
}
