package audit_test

import (
	"fmt"
	"testing"

	"ranger/internal/tools/audit"
)

// heartbeat.last names it too. Either may be missing only if that event has left the
// window.
func TestChecker_PrevNamesThePreviousEvent(t *testing.T) {
	t.Parallel()
	const (
		start, window = 1534776400000, 60_000 // ms
		none          = -1
		resumed       = `{"success":{"message":"Authenticated.","resumed":true}}`
		reset         = `{"success":{"message":"Authenticated.","position":"45.00c4b7de","resumed":false}}`
	)
	event := func(n audit.Serial, prev, at int, end string) string {
		view := audit.NewWorkload("TRIAL", 1).View(n, 0)
		before := ""
		if prev != none {
			before = fmt.Sprintf(`,"prev":%d`, prev)
		}
		return fmt.Sprintf(`%s,"position":"%d.1b0a77e3"%s,"at":%d%s`, view[:len(view)-1], 50+n, before, start+at, end)
	}
	live := func(n audit.Serial, prev, at int) string { return event(n, prev, at, "}") }
	replayed := func(n audit.Serial, prev, at int) string { return event(n, prev, at, `,"replay":true}`) }
	beat := func(last, at int) string {
		before := ""
		if last != none {
			before = fmt.Sprintf(`"last":%d,`, last)
		}
		return fmt.Sprintf(`{"heartbeat":{%s"position":"50.00c4b7de","at":%d}}`, before, start+at)
	}
	for _, c := range []struct {
		name  string
		texts []string // messages; "": a new socket; the client begins at offset 41
		want  int
	}{
		{"nothing before", []string{live(0, none, 0), live(1, 50, 1)}, 0},
		{"one from before the client", []string{live(0, 41, 0), live(1, 50, 1)}, 0},
		{"one that the client never received", []string{live(0, 42, 0), live(1, 50, 1)}, 1},
		{"a wrong one", []string{live(0, none, 0), live(1, 49, 1)}, 1},
		{"the event itself", []string{live(0, none, 0), live(1, 51, 1)}, 1},
		{"missing", []string{live(0, none, 0), live(1, none, 1)}, 1},
		{"missing, at the edge of the window", []string{live(0, none, 0), "", resumed, replayed(1, none, window)}, 1},
		{"missing, outside the window", []string{live(0, none, 0), "", resumed, replayed(1, none, window+1)}, 0},
		{"missing, by another node's clock", []string{live(0, none, 0), "", resumed, replayed(1, none, -5000)}, 1},
		{"missing after a resume", []string{live(0, none, 0), "", resumed, replayed(1, none, 1)}, 1},
		{"missing in a replay", []string{live(0, none, 0), "", resumed, replayed(1, 50, 1), replayed(2, none, 1)}, 1},
		{"missing after a replay", []string{live(0, none, 0), "", resumed, beat(50, 1), live(1, none, 1)}, 1},
		{"missing after a resume that failed", []string{live(0, none, 0), "", reset, live(1, none, 1)}, 0},
		{"a heartbeat's last", []string{live(0, none, 0), beat(50, 1)}, 0},
		{"a heartbeat's last that is wrong", []string{live(0, none, 0), beat(49, 1)}, 1},
		{"a heartbeat's last that is missing", []string{live(0, none, 0), "", resumed, beat(none, window)}, 1},
		{"a heartbeat's last outside the window", []string{live(0, none, 0), "", resumed, beat(none, window+1)}, 0},
		{"a heartbeat's last that the client never received", []string{beat(42, 0)}, 1},
		{"an event of unknown age", []string{beat(41, 0), beat(none, 1)}, 0},
	} {
		trial := audit.NewTrial(1, 1)
		for range 3 {
			trial.Add(audit.SentEvent{Conn: 1, Tries: 1})
		}
		trial.Connect(0)
		for _, text := range append([]string{firstSuccess}, c.texts...) {
			if text == "" {
				trial.Connect(0)
			} else if _, err := trial.Message(0, text); err != nil {
				t.Fatal(err)
			}
		}
		if count, found := trial.Compare(); count[audit.Broken] != c.want || len(found) != c.want {
			t.Errorf("%s: got %d broken, want %d: %v", c.name, count[audit.Broken], c.want, found)
		}
	}
}
