package audit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/audit"
)

// TestLossAnnounced_LastCopyCounts: if an event was sent more than once, a gap must
// cover the last copy, which the broker confirmed.
func TestLossAnnounced_LastCopyCounts(t *testing.T) {
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
		trial.Add(audit.SentEvent{First: first, Last: last, Confirmed: confirmed, Conn: 1, Tries: 2})
		gap := line{kind: "gap", offset: 200, from: trial.UnixMS(c.from), to: trial.UnixMS(c.to), reason: "exchange"}
		m := &model{trial: trial, sockets: 1, scripts: [][]line{{{kind: "socket"}, {kind: "success", offset: 99}, gap}}}
		got, found, err := m.play()
		if err != nil || got[audit.Lost] != 1 || got[audit.Unannounced] != c.want {
			t.Errorf("%s: got faults %v, error %v, findings %v; want 1 lost, %d unannounced", c.name, got, err, found, c.want)
		}
	}
}

// TestLossAnnounced_BetweenPositionsOfReset: if another client shows the position of
// a lost event, resumed:false announces the loss only between its two positions.
func TestLossAnnounced_BetweenPositionsOfReset(t *testing.T) {
	t.Parallel()
	no, offset := false, uint64(300)
	lost := map[audit.Fault]int{audit.Lost: 1}
	unannounced := map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}
	for _, c := range []struct {
		name     string
		from, to uint64 // offsets of the client's position before, and of that of resumed:false
		reason   string // of a gap that is announced to another client
		want     map[audit.Fault]int
	}{
		{"within", 200, 500, "", lost},
		{"the last", 200, offset, "", lost},
		{"after", 200, offset - 1, "", unannounced},
		{"the first", offset - 1, 500, "", lost},
		{"received before", offset, 500, "", unannounced},
		{"in another stream", 400, 5, "", lost},
		{"in a stream that another client knows to be new", 200, 250, "stream", lost},
		{"with a gap of another kind", 200, 250, "exchange", unannounced},
	} {
		trial := audit.NewTrial(1, 2)
		const early = -time.Hour // answers come after it, since the trial's clock is at its start
		trial.Add(audit.SentEvent{First: early, Last: early, Confirmed: early + 1, Conn: 1, Tries: 1})
		other := []line{{kind: "socket"}, {kind: "success", offset: 99}, {kind: "event", offset: offset}}
		if c.reason != "" {
			other = append(other, line{kind: "gap", offset: 600, from: trial.UnixMS(time.Hour), to: trial.UnixMS(time.Hour), reason: c.reason})
		}
		script := []line{{kind: "socket"}, {kind: "success", offset: 99}, {kind: "heartbeat", offset: c.from}}
		script = append(script, line{kind: "socket"}, line{kind: "success", offset: c.to, resumed: &no})
		m := &model{trial: trial, sockets: 2, scripts: [][]line{script, other}}
		got, found, err := m.play()
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s%v", c.name, err, diff, found)
		}
	}
}

// TestLossAnnounced_ByGapOrReset: a gap that covers the publishing of an event, or
// resumed:false after it, announces its loss; others do not.
func TestLossAnnounced_ByGapOrReset(t *testing.T) {
	t.Parallel()
	const sent = 10 * time.Second
	no := false
	reset := line{kind: "success", offset: 500, resumed: &no}
	around := func(from, to time.Duration) func(*audit.Trial) []line {
		return func(trial *audit.Trial) []line {
			return []line{{kind: "gap", offset: 200, from: trial.UnixMS(from), to: trial.UnixMS(to), reason: "exchange"}}
		}
	}
	for _, c := range []struct {
		name  string
		lines func(*audit.Trial) []line
		want  map[audit.Fault]int
	}{
		{"nothing", func(*audit.Trial) []line { return nil }, map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}},
		{"a gap around it", around(sent-time.Second, sent+time.Second), map[audit.Fault]int{audit.Lost: 1}},
		{"a gap within a second after it", around(sent+900*time.Millisecond, sent+time.Minute), map[audit.Fault]int{audit.Lost: 1}},
		{"a gap within a second before it", around(0, sent-900*time.Millisecond), map[audit.Fault]int{audit.Lost: 1}},
		{"a later gap", around(sent+1200*time.Millisecond, sent+time.Minute), map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}},
		{"an earlier gap", around(0, sent-1200*time.Millisecond), map[audit.Fault]int{audit.Lost: 1, audit.Unannounced: 1}},
		{"resumed:false after it", func(*audit.Trial) []line {
			return []line{{kind: "socket"}, reset}
		}, map[audit.Fault]int{audit.Lost: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trial := audit.NewTrial(1, 1)
			m := &model{trial: trial, sockets: 1, scripts: [][]line{append([]line{{kind: "socket"}, {kind: "success", offset: 99}}, c.lines(trial)...)}}
			// Answers come after the start of the trial, at which its clock is.
			at := sent
			if c.name == "resumed:false after it" {
				at = -time.Second
			}
			trial.Add(audit.SentEvent{First: at, Last: at, Confirmed: at + time.Millisecond, Conn: 1, Tries: 1})
			got, found, err := m.play()
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("error %v; faults (-want +got):\n%s%v", err, diff, found)
			}
		})
	}
	t.Run("resumed:false before it", func(t *testing.T) {
		t.Parallel()
		trial := audit.NewTrial(1, 1)
		m := &model{trial: trial, sockets: 1, scripts: [][]line{{{kind: "socket"}, {kind: "success", offset: 99}, {kind: "socket"}, reset}}}
		trial.Add(audit.SentEvent{First: time.Hour, Last: time.Hour, Confirmed: time.Hour + 1, Conn: 1, Tries: 1})
		if got, _, err := m.play(); err != nil || got[audit.Unannounced] != 1 {
			t.Errorf("got faults %v, error %v; want 1 unannounced", got, err)
		}
	})
}
