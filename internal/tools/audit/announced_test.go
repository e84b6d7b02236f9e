package audit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/audit"
)

// TestAnnouncedLossOfRetries: where an event was sent more than once, the copy
// that the broker confirmed counts.
func TestAnnouncedLossOfRetries(t *testing.T) {
	t.Parallel()
	const first, last, confirmed = 10 * time.Second, 40 * time.Second, 42 * time.Second
	for _, c := range []struct {
		name     string
		from, to time.Duration // of the gap
		want     int           // unannounced
	}{
		{"around the first copy", first - time.Second, first + time.Second, 1},
		{"between the copies", first + time.Second, last - 1200*time.Millisecond, 1},
		{"up to the last copy", first + time.Second, last - 900*time.Millisecond, 0},
		{"before the confirm", last + 500*time.Millisecond, last + time.Second, 0},
		{"from the confirm on", confirmed + 900*time.Millisecond, confirmed + time.Minute, 0},
		{"after the confirm", confirmed + 1200*time.Millisecond, confirmed + time.Minute, 1},
		{"around both copies", first, confirmed, 0},
	} {
		trial := audit.NewTrial(1, 1)
		trial.Add(audit.Entry{First: first, Last: last, Confirmed: confirmed, Conn: 1, Tries: 2})
		gap := line{kind: "gap", number: 200, from: trial.UnixMS(c.from), to: trial.UnixMS(c.to), reason: "exchange"}
		m := &model{trial: trial, sockets: 1, scripts: [][]line{{{kind: "socket"}, {kind: "success", number: 99}, gap}}}
		got, found, err := m.play()
		if err != nil || got[audit.Lost] != 1 || got[audit.Unannounced] != c.want {
			t.Errorf("%s: %v, %v, %v", c.name, got, err, found)
		}
	}
}

// TestLossAroundAReset: where it is known, from another client, where an event
// stands, resumed:false announces its loss between the two positions alone.
func TestLossAroundAReset(t *testing.T) {
	t.Parallel()
	no, place := false, uint64(300)
	lost := map[audit.Fault]int{audit.Lost: 1}
	untold := map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}
	for _, c := range []struct {
		name     string
		from, to uint64 // the client's position before, and that of resumed:false
		reason   string // of a gap that another client is told
		want     map[audit.Fault]int
	}{
		{"within", 200, 500, "", lost},
		{"the last", 200, place, "", lost},
		{"behind", 200, place - 1, "", untold},
		{"the first", place - 1, 500, "", lost},
		{"had before", place, 500, "", untold},
		{"in another stream", 400, 5, "", lost},
		{"in a stream that others know for another", 200, 250, "stream", lost},
		{"with a gap of another kind", 200, 250, "exchange", untold},
	} {
		trial := audit.NewTrial(1, 2)
		const early = -time.Hour // the trial's clock is at its start: what is answered comes after it
		trial.Add(audit.Entry{First: early, Last: early, Confirmed: early + 1, Conn: 1, Tries: 1})
		other := []line{{kind: "socket"}, {kind: "success", number: 99}, {kind: "event", number: place}}
		if c.reason != "" {
			other = append(other, line{kind: "gap", number: 600, from: trial.UnixMS(time.Hour), to: trial.UnixMS(time.Hour), reason: c.reason})
		}
		script := []line{{kind: "socket"}, {kind: "success", number: 99}, {kind: "heartbeat", number: c.from}}
		script = append(script, line{kind: "socket"}, line{kind: "success", number: c.to, resumed: &no})
		m := &model{trial: trial, sockets: 2, scripts: [][]line{script, other}}
		got, found, err := m.play()
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s%v", c.name, err, diff, found)
		}
	}
}
