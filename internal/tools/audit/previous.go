package audit

// leastWindow is how long, in ms, a node knows an event for at least.
const leastWindow = 60_000

// chain checks what the server says, at a time by its clock (Unix ms), was the
// user's event before: nil where none is in the window.
func (w *witness) chain(a about, what string, number *uint64, at int64) {
	switch {
	case number == nil:
		if w.known && at-w.lastAt <= leastWindow {
			w.broken(a, "%s is missing, but the client's event before is %d, and in the window", what, w.last)
		}
	case w.known && *number != w.last:
		w.broken(a, "%s is %d, but the client's event before is %d", what, *number, w.last)
	case !w.known && *number > w.floor:
		w.broken(a, "%s is %d, but the client has had no event since %d", what, *number, w.floor)
	}
}
