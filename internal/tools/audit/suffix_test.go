package audit_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ranger/internal/tools/audit"
)

// From another form as much as possible is read.
func TestParseSuffix_AcceptsOneForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		valid, read bool
	}{
		{`,"position":"52.1b0a77e3","prev":48,"at":1534776439123,"replay":true}`, true, true},
		{`,"position":"52.1b0a77e3","prev":48,"at":1534776439123}`, true, true},
		{`,"position":"52.1b0a77e3","at":1534776439123,"replay":true}`, true, true},
		{`,"position":"52.1b0a77e3","prev":0,"at":1534776439123}`, true, true},
		{`,"position":"52.1b0a77e3","at":1534776439123}`, true, true},

		{`,"at":1534776439123,"position":"52.1b0a77e3","prev":48}`, false, true},
		{`,"position":"52.1b0a77e3","at":1534776439123,"prev":48}`, false, true},
		{`,"position":"52.1b0a77e3","prev":48,"replay":true,"at":1534776439123}`, false, true},
		{`,"Position":"52.1b0a77e3","at":1534776439123}`, false, true},
		{`,"position":"52.1b0a77e3","AT":1534776439123}`, false, true},
		{`,"position":"52.1b0a77e3", "at":1534776439123}`, false, true},
		{`,"position":"52.1b0a77e3","at":1534776439123 }`, false, true},
		{`,"position":"52\u002e1b0a77e3","at":1534776439123}`, false, true},
		{`,"position":"52.1b0a77e3","prev":null,"at":1534776439123}`, false, true},
		{`,"position":"52.1b0a77e3","prev":048,"at":1534776439123}`, false, false},
		{`,"position":"52.1b0a77e3","prev":9007199254740992,"at":1534776439123}`, false, true},
		{`,"position":"52.1b0a77e3","at":1534776439123,"replay":false}`, false, true},
		{`,"position":"52.1b0a77e3","at":1534776439123,"new":[]}`, false, true},
		{`,"position":"52.1b0a77e3","at":1534776439123,"replay":true,"replay":true}`, false, true},
		{`,"position":"52.1b0a77e3","at":0}`, false, true},
		{`,"position":"52.1b0a77e3"}`, false, true},
		{`,"position":"52.1B0A77E3","at":1534776439123}`, false, false},
		{`,"position":"052.1b0a77e3","at":1534776439123}`, false, false},
		{`,"at":1534776439123}`, false, false},
		{`,"position":52,"at":1534776439123}`, false, false},
		{`}`, false, false},
		{``, false, false},
	} {
		position, _, _, _, err := audit.ParseSuffix(c.text)
		if (err == nil) != c.valid || (position == "52.1b0a77e3") != c.read {
			t.Errorf("%s: got position %q, error %v; want valid %v, position read %v", c.text, position, err, c.valid, c.read)
		}
	}
}

func TestParsePosition_AcceptsOneForm(t *testing.T) {
	t.Parallel()
	for text, valid := range map[string]bool{
		"0.00000000": true, "9007199254740991.ffffffff": true,
		"9007199254740992.00000000": false, // 2^53
		"52":                        false, "52.": false, "52.1b0a77e": false, "52.1b0a77e34": false, ".1b0a77e3": false, "-1.1b0a77e3": false, "52.1b0a77eg": false, "": false,
		"052.1b0a77e3": false, "52.1B0A77E3": false, "52.1b0a77e3 ": false, "+52.1b0a77e3": false, // other spellings of a valid one
	} {
		if _, _, err := audit.ParsePosition(text); (err == nil) != valid {
			t.Errorf("%q: got error %v, want valid %v", text, err, valid)
		}
	}
}

// FuzzSuffix: a suffix that is accepted means what encoding/json reads, and written
// again it is the same text.
func FuzzSuffix(f *testing.F) {
	for _, text := range []string{
		`,"position":"52.1b0a77e3","prev":48,"at":1534776439123,"replay":true}`,
		`,"position":"5.1b0a77e3","at":1}`, `,"position":"\"","at":1}`, `,"position":"\b","at":1}`, `,"position":"5.1b0a77e3","prev":007,"at":1}`,
		`,"position":"5.1b0a77e3","prev":18446744073709551616,"at":1}`, `,"position":"5.1b0a77e3","prev":,"at":1}`, `}`, ``,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		position, prev, at, replay, err := audit.ParseSuffix(text)
		if err != nil {
			return
		}
		var want struct {
			Position string
			Prev     *uint64
			At       int64
			Replay   bool
		}
		if err := json.Unmarshal([]byte("{"+strings.TrimPrefix(text, ",")), &want); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if position != want.Position || at != want.At || replay != want.Replay || (prev == nil) != (want.Prev == nil) || prev != nil && *prev != *want.Prev {
			t.Errorf("%q: got %q %v %d %v, want %+v", text, position, prev, at, replay, want)
		}
		again := fmt.Sprintf(`,"position":%q%s,"at":%d%s}`, position, optional(`,"prev":%d`, prev), at, map[bool]string{true: `,"replay":true`}[replay])
		if again != text {
			t.Errorf("%q was accepted, but is written %q", text, again)
		}
	})
}

// FuzzMessage: no message of a server makes a client or the comparison panic, before
// the success line or after it.
func FuzzMessage(f *testing.F) {
	view := audit.NewWorkload("TRIAL", 1).View(0, 0)
	for _, text := range []string{
		strings.TrimSuffix(view, "}") + `,"position":"52.1b0a77e3","prev":48,"at":1534776439123,"replay":true}`,
		`{"success":{"message":"Authenticated.","position":"41.9f3c2a11"}}`, `{"success":{"message":"Authenticated.","resumed":true}}`,
		`{"success":{"position":"57.00c4b7de","resumed":false}}`, `{"heartbeat":{"last":52,"position":"57.00c4b7de","at":1}}`,
		`{"gap":{"from":1,"to":2,"reason":"stream","position":"57.00c4b7de"}}`, `{"gap":{"reason":"stream"}}`,
		`{"reconnect":{"after_ms":1834}}`, `{"token":{"expires_in":60}}`, `{"challenge":"x"}`, `{"error":{"message":"x"}}`,
		`{"orderbook":{"id":9007199254740993}}`, `{"trade":{"id":1}}`, `{"trade":`, `{"orderbook":{"id":99999999999999999999`, view, `null`, ``,
	} {
		f.Add(text)
	}
	for _, key := range []string{"success", "heartbeat", "gap", "reconnect", "token", "challenge", "error", "orderbook", "trade"} {
		for _, value := range []string{`null`, `true`, `1`, `-1.5e400`, `"x"`, `[]`, `[{}]`, `{}`, `{"position":null,"last":null,"resumed":null}`, `{"position":[],"last":{},"from":"x","message":1}`} {
			f.Add(`{"` + key + `":` + value + `}`)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		trial := audit.NewTrial(1, 1)
		trial.Add(audit.SentEvent{Confirmed: time.Millisecond, Conn: 1, Tries: 1})
		trial.Connect(0)
		for _, text := range []string{text, `{"success":{"message":"Authenticated.","position":"41.9f3c2a11"}}`, text, text} {
			if _, err := trial.Message(0, text); err != nil {
				trial.Connect(0)
			}
		}
		trial.Compare()
	})
}
