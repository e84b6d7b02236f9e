package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/audit"
)

const fresh = `{"success":{"message":"Authenticated.","position":"41.9f3c2a11"}}`

// TestAnswersToTokens: what a client can begin with depends on what it asked for.
func TestAnswersToTokens(t *testing.T) {
	t.Parallel()
	const (
		plain   = `{"success":{"message":"Authenticated."}}`
		resumed = `{"success":{"message":"Authenticated.","resumed":true}}`
		anew    = `{"success":{"message":"Authenticated.","position":"57.00c4b7de","resumed":false}}`
	)
	for _, c := range []struct {
		text         string
		first, later bool // whether it fits a client without a position, and with one
	}{
		{plain, false, false},
		{fresh, true, false},
		{resumed, false, true},
		{anew, false, true},
		{`{"success":{"message":"Authenticated.","resumed":false}}`, false, false},
		{`{"success":{"message":"Authenticated.","position":"57.00c4b7de","resumed":true}}`, false, false},
		{`{"success":{"message":"Authenticated.","position":"here"}}`, false, false},
		{`{"error":{"message":"Error while handling message."}}`, false, false},
	} {
		trial := audit.NewTrial(1, 2)
		trial.Connect(0)
		if _, err := trial.Message(0, c.text); (err == nil) != c.first {
			t.Errorf("at first, %s: %v", c.text, err)
		}
		trial.Connect(1)
		if _, err := trial.Message(1, fresh); err != nil {
			t.Fatal(err)
		}
		trial.Connect(1)
		if _, err := trial.Message(1, c.text); (err == nil) != c.later {
			t.Errorf("later, %s: %v", c.text, err)
		}
	}
}

// TestRenewalsAnswer: a second success line is the answer to a second token, has
// nothing beside its message, and comes once.
func TestRenewalsAnswer(t *testing.T) {
	t.Parallel()
	const plain, expiring = `{"success":{"message":"Authenticated."}}`, `{"token":{"expires_in":60}}`
	for _, c := range []struct {
		name  string
		texts []string
		want  int
	}{
		{"asked for", []string{expiring, plain, expiring, plain}, 0},
		{"not asked for", []string{plain}, 1},
		{"twice", []string{expiring, plain, plain}, 1},
		{"with a position", []string{expiring, fresh}, 1},
		{"an error", []string{expiring, `{"error":{"message":"Authentication failed."}}`}, 1},
	} {
		trial := audit.NewTrial(1, 1)
		trial.Connect(0)
		for _, text := range append([]string{fresh}, c.texts...) {
			renew, err := trial.Message(0, text)
			if err != nil || renew != (text == expiring) {
				t.Errorf("%s: %s: renew %v, %v", c.name, text, renew, err)
			}
		}
		if count, found := trial.Judge(); count[audit.Broken] != c.want {
			t.Errorf("%s: %v", c.name, found)
		}
	}
}

// TestCloses: which code may come depends on what came before it on the socket.
func TestCloses(t *testing.T) {
	t.Parallel()
	const parting, expiring = `{"reconnect":{"after_ms":1834}}`, `{"token":{"expires_in":60}}`
	for _, c := range []struct {
		name  string
		texts []string // on the socket
		good  []int    // of those below
	}{
		{"before the success line", nil, []int{1001, 1006, 4100}},
		{"after it", []string{fresh}, []int{1006, 4100}},
		{"after a reconnect", []string{fresh, parting}, []int{1006, 1012, 4100}},
		{"after a token", []string{fresh, expiring}, []int{1006, 4001, 4100}},
		{"after a token and its renewal", []string{fresh, expiring, `{"success":{"message":"Authenticated."}}`}, []int{1006, 4001, 4100}},
		{"after both", []string{fresh, parting, expiring}, []int{1006, 1012, 4001, 4100}},
		{"after a reconnect before the success line", []string{parting, fresh}, []int{1006, 4100}},
		{"on the next socket", []string{fresh, parting, expiring, ""}, []int{1001, 1006, 4100}},
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
		var good []int
		for _, code := range []int{1000, 1001, 1006, 1011, 1012, 4001, 4002, 4100} {
			if !trial.Close(0, code) {
				good = append(good, code)
			}
		}
		if diff := cmp.Diff(c.good, good); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestHeartbeatsComeInTime: none for three intervals and 10 s is a fault, by the
// clock of a node that sends other things meanwhile.
func TestHeartbeatsComeInTime(t *testing.T) {
	t.Parallel()
	const start, most = 1534776400000, 55_000 // ms
	event := func(n audit.Serial, at int) string {
		view := audit.NewPlan("TRIAL", 1).View(n, 0)
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
		resumed = `{"success":{"message":"Authenticated.","resumed":true}}`
		reset   = `{"success":{"message":"Authenticated.","position":"45.00c4b7de","resumed":false}}`
		anew    = `{"gap":{"from":1,"to":2,"reason":"stream","position":"10.00000000"}}`
		gap     = `{"gap":{"from":1,"to":2,"reason":"exchange","position":"45.00000000"}}`
	)
	for _, c := range []struct {
		name  string
		texts []string
		want  int
	}{
		{"in time for an event", []string{beat(41, 0), event(0, most)}, 0},
		{"not for an event", []string{beat(41, 0), event(0, most+1)}, 1},
		{"told once", []string{beat(41, 0), event(0, most+1), event(1, most+2)}, 1},
		{"and once more", []string{beat(41, 0), event(0, most+1), event(1, most+2), event(2, 2*most+2)}, 2},
		{"in time for the next", []string{beat(41, 0), beat(41, most)}, 0},
		{"not for the next", []string{beat(41, 0), beat(41, most+1)}, 1},
		{"the first, in time", []string{event(0, 0), event(1, most)}, 0},
		{"the first is missing", []string{event(0, 0), event(1, most+1)}, 1},
		{"events alone are none", []string{event(0, 0), event(1, most/2), event(2, most+1)}, 1},
		{"a heartbeat between", []string{event(0, 0), beat(50, most), event(1, 2*most)}, 0},
		{"a gap between is none", []string{beat(41, 0), gap, event(0, most+1)}, 1},
		{"another socket begins anew", []string{beat(41, 0), "", resumed, beat(41, 2*most), event(0, 3*most)}, 0},
		{"also one that was not resumed", []string{beat(41, 0), "", reset, event(0, 2*most), event(1, 3*most)}, 0},
		{"another stream begins anew", []string{beat(41, 0), anew, event(0, 2*most), event(1, 3*most)}, 0},
		{"none in a replay", []string{event(0, 0), "", resumed, replayed(1, 0), replayed(2, 2*most), beat(52, 2*most)}, 0},
		{"none after a replay", []string{event(0, 0), "", resumed, replayed(1, 0), beat(51, most), event(2, 2*most+1)}, 1},
	} {
		trial := audit.NewTrial(1, 1)
		for range 3 {
			trial.Add(audit.Entry{Conn: 1, Tries: 1})
		}
		trial.Connect(0)
		for _, text := range append([]string{fresh}, c.texts...) {
			if text == "" {
				trial.Connect(0)
			} else if _, err := trial.Message(0, text); err != nil {
				t.Fatal(err)
			}
		}
		if count, found := trial.Judge(); count[audit.Broken] != c.want {
			t.Errorf("%s: %d, want %d: %v", c.name, count[audit.Broken], c.want, found)
		}
	}
}

// TestWhereClientsResume: at the latest position that they had, whatever bore it.
func TestWhereClientsResume(t *testing.T) {
	t.Parallel()
	trial := audit.NewTrial(1, 1)
	trial.Add(audit.Entry{Confirmed: 1, Conn: 1, Tries: 1})
	if got := trial.Connect(0); got != "" {
		t.Errorf("a client without a position asks for %q", got)
	}
	view := trial.View(0, 0)
	for _, c := range []struct{ text, want string }{
		{fresh, "41.9f3c2a11"},
		{view[:len(view)-1] + `,"position":"45.1b0a77e3","at":1}`, "45.1b0a77e3"},
		{`{"heartbeat":{"last":45,"position":"47.00c4b7de","at":1}}`, "47.00c4b7de"},
		{`{"gap":{"from":1,"to":2,"reason":"exchange","position":"50.00000000"}}`, "50.00000000"},
		{`{"gap":{"from":1,"to":2,"reason":"stream","position":"3.00000000"}}`, "3.00000000"},
	} {
		if _, err := trial.Message(0, c.text); err != nil {
			t.Fatal(err)
		}
		if got := trial.Connect(0); got != c.want {
			t.Errorf("after %s it asks for %q", c.text, got)
		}
		if _, err := trial.Message(0, `{"success":{"message":"Authenticated.","resumed":true}}`); err != nil {
			t.Fatal(err)
		}
	}
	if count, found := trial.Judge(); count[audit.Lost] != 0 || count[audit.Broken] != 1 { // the event came as live in a replay
		t.Errorf("%v", found)
	}
}

// TestBadGaps: a gap from later to earlier, or without a position, is none.
func TestBadGaps(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"gap":{"from":2,"to":1,"reason":"binding","position":"50.00000000"}}`,
		`{"gap":{"from":1,"to":2,"reason":"binding"}}`,
		`{"heartbeat":{"at":1}}`,
	} {
		trial := audit.NewTrial(1, 1)
		trial.Connect(0)
		if _, err := trial.Message(0, fresh); err != nil {
			t.Fatal(err)
		}
		if _, err := trial.Message(0, text); err != nil {
			t.Fatal(err)
		}
		if count, found := trial.Judge(); count[audit.Broken] != 1 {
			t.Errorf("%s: %v", text, found)
		}
	}
}
