package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

const firstSuccess = `{"success":{"message":"Authenticated.","position":"41.9f3c2a11"}}`

// TestChecker_FirstAnswer: which success line is valid depends on the request.
func TestChecker_FirstAnswer(t *testing.T) {
	t.Parallel()
	const (
		plain      = `{"success":{"message":"Authenticated."}}`
		resumed    = `{"success":{"message":"Authenticated.","resumed":true}}`
		notResumed = `{"success":{"message":"Authenticated.","position":"57.00c4b7de","resumed":false}}`
	)
	for _, c := range []struct {
		text         string
		first, later bool // valid for a client without a position, and with one
	}{
		{plain, false, false},
		{firstSuccess, true, false},
		{resumed, false, true},
		{notResumed, false, true},
		{`{"success":{"message":"Authenticated.","resumed":false}}`, false, false},
		{`{"success":{"message":"Authenticated.","position":"57.00c4b7de","resumed":true}}`, false, false},
		{`{"success":{"message":"Authenticated.","position":"here"}}`, false, false},
		{`{"error":{"message":"Error while handling message."}}`, false, false},
	} {
		trial := audit.NewTrial(1, 2)
		trial.Connect(0)
		if _, err := trial.Message(0, c.text); (err == nil) != c.first {
			t.Errorf("first socket, %s: got error %v, want valid %v", c.text, err, c.first)
		}
		trial.Connect(1)
		if _, err := trial.Message(1, firstSuccess); err != nil {
			t.Fatal(err)
		}
		trial.Connect(1)
		if _, err := trial.Message(1, c.text); (err == nil) != c.later {
			t.Errorf("second socket, %s: got error %v, want valid %v", c.text, err, c.later)
		}
	}
}

// TestChecker_RenewalAnswer: a second success line answers a second token, contains
// only the message, and comes once.
func TestChecker_RenewalAnswer(t *testing.T) {
	t.Parallel()
	const plain, expiring = `{"success":{"message":"Authenticated."}}`, `{"token":{"expires_in":60}}`
	for _, c := range []struct {
		name  string
		texts []string
		want  int
	}{
		{"requested", []string{expiring, plain, expiring, plain}, 0},
		{"not requested", []string{plain}, 1},
		{"twice", []string{expiring, plain, plain}, 1},
		{"with a position", []string{expiring, firstSuccess}, 1},
		{"an error", []string{expiring, `{"error":{"message":"Authentication failed."}}`}, 1},
	} {
		trial := audit.NewTrial(1, 1)
		trial.Connect(0)
		for _, text := range append([]string{firstSuccess}, c.texts...) {
			renew, err := trial.Message(0, text)
			if err != nil || renew != (text == expiring) {
				t.Errorf("%s: %s: got renew %v, error %v", c.name, text, renew, err)
			}
		}
		if count, found := trial.Compare(); count[audit.Broken] != c.want {
			t.Errorf("%s: got %d broken, want %d: %v", c.name, count[audit.Broken], c.want, found)
		}
	}
}

// TestChecker_Closes: which close codes are valid depends on the messages before.
func TestChecker_Closes(t *testing.T) {
	t.Parallel()
	const draining, expiring = `{"reconnect":{"after_ms":1834}}`, `{"token":{"expires_in":60}}`
	for _, c := range []struct {
		name  string
		texts []string // on the socket
		valid []int    // of the codes below
	}{
		{"before the success line", nil, []int{1001, 1006, 4100}},
		{"after it", []string{firstSuccess}, []int{1006, 4100}},
		{"after a reconnect", []string{firstSuccess, draining}, []int{1006, 1012, 4100}},
		{"after a token", []string{firstSuccess, expiring}, []int{1006, 4001, 4100}},
		{"after a token and its renewal", []string{firstSuccess, expiring, `{"success":{"message":"Authenticated."}}`}, []int{1006, 4001, 4100}},
		{"after both", []string{firstSuccess, draining, expiring}, []int{1006, 1012, 4001, 4100}},
		{"after a reconnect before the success line", []string{draining, firstSuccess}, []int{1006, 4100}},
		{"on the next socket", []string{firstSuccess, draining, expiring, ""}, []int{1001, 1006, 4100}},
	} {
		trial := audit.NewTrial(1, 1)
		trial.Connect(0)
		for _, text := range c.texts {
			if text == "" {
				trial.Connect(0)
			} else if _, err := trial.Message(0, text); err != nil {
				t.Fatal(err)
			}
		}
		var valid []int
		for _, code := range []int{1000, 1001, 1006, 1011, 1012, 4001, 4002, 4100} {
			if !trial.Close(0, code) {
				valid = append(valid, code)
			}
		}
		if diff := cmp.Diff(c.valid, valid); diff != "" {
			t.Errorf("%s: valid codes (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestChecker_Heartbeats: three intervals and 10 s without a heartbeat are a fault, by
// the clock of a node that sends other messages meanwhile.
func TestChecker_Heartbeats(t *testing.T) {
	t.Parallel()
	const start, most = 1534776400000, 55_000 // ms
	event := func(n audit.Serial, at int) string {
		view := audit.NewWorkload("TRIAL", 1).View(n, 0)
		prev := ""
		if n > 0 {
			prev = fmt.Sprintf(`,"prev":%d`, 49+n)
		}
		return fmt.Sprintf(`%s,"position":"%d.1b0a77e3"%s,"at":%d}`, view[:len(view)-1], 50+n, prev, start+at)
	}
	replayed := func(n audit.Serial, at int) string {
		return strings.TrimSuffix(event(n, at), "}") + `,"replay":true}`
	}
	beat := func(number, at int) string {
		last := ""
		if number >= 50 {
			last = fmt.Sprintf(`"last":%d,`, number)
		}
		return fmt.Sprintf(`{"heartbeat":{%s"position":"%d.00c4b7de","at":%d}}`, last, number, start+at)
	}
	const (
		resumed   = `{"success":{"message":"Authenticated.","resumed":true}}`
		reset     = `{"success":{"message":"Authenticated.","position":"45.00c4b7de","resumed":false}}`
		newStream = `{"gap":{"from":1,"to":2,"reason":"stream","position":"10.00000000"}}`
		gap       = `{"gap":{"from":1,"to":2,"reason":"exchange","position":"45.00000000"}}`
	)
	for _, c := range []struct {
		name  string
		texts []string
		want  int
	}{
		{"in time before an event", []string{beat(41, 0), event(0, most)}, 0},
		{"too late for an event", []string{beat(41, 0), event(0, most+1)}, 1},
		{"reported once", []string{beat(41, 0), event(0, most+1), event(1, most+2)}, 1},
		{"reported again after another limit", []string{beat(41, 0), event(0, most+1), event(1, most+2), event(2, 2*most+2)}, 2},
		{"in time before the next heartbeat", []string{beat(41, 0), beat(41, most)}, 0},
		{"too late for the next heartbeat", []string{beat(41, 0), beat(41, most+1)}, 1},
		{"the first, in time", []string{event(0, 0), event(1, most)}, 0},
		{"the first is missing", []string{event(0, 0), event(1, most+1)}, 1},
		{"events are no heartbeats", []string{event(0, 0), event(1, most/2), event(2, most+1)}, 1},
		{"a heartbeat between", []string{event(0, 0), beat(50, most), event(1, 2*most)}, 0},
		{"a gap is no heartbeat", []string{beat(41, 0), gap, event(0, most+1)}, 1},
		{"a new socket restarts the clock", []string{beat(41, 0), "", resumed, beat(41, 2*most), event(0, 3*most)}, 0},
		{"so does one that was not resumed", []string{beat(41, 0), "", reset, event(0, 2*most), event(1, 3*most)}, 0},
		{"so does a new stream", []string{beat(41, 0), newStream, event(0, 2*most), event(1, 3*most)}, 0},
		{"none in a replay", []string{event(0, 0), "", resumed, replayed(1, 0), replayed(2, 2*most), beat(52, 2*most)}, 0},
		{"none after a replay", []string{event(0, 0), "", resumed, replayed(1, 0), beat(51, most), event(2, 2*most+1)}, 1},
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
		if count, found := trial.Compare(); count[audit.Broken] != c.want {
			t.Errorf("%s: got %d broken, want %d: %v", c.name, count[audit.Broken], c.want, found)
		}
	}
}

// TestChecker_ResumesAtLatestPosition: a client resumes at the latest position that
// any message had.
func TestChecker_ResumesAtLatestPosition(t *testing.T) {
	t.Parallel()
	trial := audit.NewTrial(1, 1)
	trial.Add(audit.SentEvent{Confirmed: 1, Conn: 1, Tries: 1})
	if got := trial.Connect(0); got != "" {
		t.Errorf("got request %q of a client without a position, want none", got)
	}
	view := trial.View(0, 0)
	for _, c := range []struct{ text, want string }{
		{firstSuccess, "41.9f3c2a11"},
		{view[:len(view)-1] + `,"position":"45.1b0a77e3","at":1}`, "45.1b0a77e3"},
		{`{"heartbeat":{"last":45,"position":"47.00c4b7de","at":1}}`, "47.00c4b7de"},
		{`{"gap":{"from":1,"to":2,"reason":"exchange","position":"50.00000000"}}`, "50.00000000"},
		{`{"gap":{"from":1,"to":2,"reason":"stream","position":"3.00000000"}}`, "3.00000000"},
	} {
		if _, err := trial.Message(0, c.text); err != nil {
			t.Fatal(err)
		}
		if got := trial.Connect(0); got != c.want {
			t.Errorf("after %s: got request %q, want %q", c.text, got, c.want)
		}
		if _, err := trial.Message(0, `{"success":{"message":"Authenticated.","resumed":true}}`); err != nil {
			t.Fatal(err)
		}
	}
	if count, found := trial.Compare(); count[audit.Lost] != 0 || count[audit.Broken] != 1 { // the event was marked live in a replay
		t.Errorf("got %v, want 1 broken: %v", count, found)
	}
}

// A node may announce a gap for any of its reasons.
func TestChecker_AcceptsGapsOfEachReason(t *testing.T) {
	t.Parallel()
	for _, reason := range event.GapReasons() {
		trial := audit.NewTrial(1, 1)
		trial.Connect(0)
		for _, text := range []string{firstSuccess, fmt.Sprintf(`{"gap":{"from":1,"to":2,"reason":%q,"position":"50.00000000"}}`, reason)} {
			if _, err := trial.Message(0, text); err != nil {
				t.Fatal(err)
			}
		}
		if count, found := trial.Compare(); count[audit.Broken] != 0 {
			t.Errorf("reason %s: got %d broken, want none: %v", reason, count[audit.Broken], found)
		}
	}
}

// TestChecker_InvalidGaps: a gap that ends before it begins, or without a position,
// is broken.
func TestChecker_InvalidGaps(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"gap":{"from":2,"to":1,"reason":"binding","position":"50.00000000"}}`,
		`{"gap":{"from":1,"to":2,"reason":"binding"}}`,
		`{"heartbeat":{"at":1}}`,
	} {
		trial := audit.NewTrial(1, 1)
		trial.Connect(0)
		if _, err := trial.Message(0, firstSuccess); err != nil {
			t.Fatal(err)
		}
		if _, err := trial.Message(0, text); err != nil {
			t.Fatal(err)
		}
		if count, found := trial.Compare(); count[audit.Broken] != 1 {
			t.Errorf("%s: got %d broken, want 1: %v", text, count[audit.Broken], found)
		}
	}
}
