package main_test

import "testing"

// The log shows the mode.
func TestIOMode_EachModeDeliversEvents(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"fast", "portable"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.serve("IO_MODE=" + mode)
			if got := p.awaitLog("listening for clients")["io_mode"]; got != mode {
				t.Errorf("got io_mode %q in the log, want %q", got, mode)
			}
			s := w.login(p, alice)
			s.expect(w.order(alice, 1))
		})
	}
}
