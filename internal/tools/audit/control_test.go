package audit_test

import (
	"slices"
	"strings"
	"testing"

	"ranger/internal/tools/audit"
)

// TestMessages_OneForm: each message has exactly one form; any other is broken, even
// if encoding/json accepts it.
func TestMessages_OneForm(t *testing.T) {
	t.Parallel()
	const (
		resumed    = `{"success":{"message":"Authenticated.","resumed":true}}`
		notResumed = `{"success":{"message":"Authenticated.","position":"57.00c4b7de","resumed":false}}`
		beat       = `{"heartbeat":{"last":41,"position":"57.00c4b7de","at":1534776454123}}`
		gap        = `{"gap":{"from":1534776400000,"to":1534776420000,"reason":"exchange","position":"57.00c4b7de"}}`
		draining   = `{"reconnect":{"after_ms":1834}}`
		token      = `{"token":{"expires_in":60}}`
	)
	view := audit.NewWorkload("TRIAL", 1).View(0, 0)
	event := strings.TrimSuffix(view, "}") + `,"position":"52.1b0a77e3","prev":41,"at":1534776439123}`
	replace := strings.Replace
	for _, c := range []struct {
		name, text string
		before     []string // on sockets of the same client
		bad        []string // the same in other forms
	}{
		{"challenge", challenge, nil, []string{
			`{"challenge":"x"}`, replace(challenge, "MDEy", "MDE", 1), replace(challenge, "MDEy", "MDE+", 1),
			replace(challenge, `:`, `: `, 1), replace(challenge, `}`, `,"x":1}`, 1), replace(challenge, "challenge", "Challenge", 1),
		}},
		{"first success", firstSuccess, nil, []string{
			replace(firstSuccess, "Authenticated.", "authenticated.", 1), replace(firstSuccess, `"message"`, `"Message"`, 1),
			`{"success":{"position":"41.9f3c2a11","message":"Authenticated."}}`, `{"success":{"position":"41.9f3c2a11"}}`,
			replace(firstSuccess, `}}`, `,"at":1}}`, 1), replace(firstSuccess, `}}`, `}}\n`, 1), replace(firstSuccess, `}}`, `},"x":1}`, 1),
		}},
		{"resumed", resumed, []string{firstSuccess, ""}, []string{
			`{"success":{"resumed":true,"message":"Authenticated."}}`, replace(resumed, "true", " true", 1), replace(resumed, "resumed", "Resumed", 1),
			replace(resumed, `,"resumed"`, `,"position":"","resumed"`, 1),
		}},
		{"not resumed", notResumed, []string{firstSuccess, ""}, []string{
			`{"success":{"message":"Authenticated.","resumed":false,"position":"57.00c4b7de"}}`, replace(notResumed, "57.", "57\\u002e", 1),
		}},
		{"heartbeat", beat, []string{firstSuccess}, []string{
			replace(beat, `"last":41,`, `"last":null,`, 1), `{"heartbeat":{"position":"57.00c4b7de","at":1534776454123,"last":41}}`,
			`{"heartbeat":{"last":41,"at":1534776454123,"position":"57.00c4b7de"}}`, replace(beat, `,"at":1534776454123`, ``, 1),
			replace(beat, "1534776454123", "1534776454123.0", 1), replace(beat, "1534776454123", "0", 1),
			replace(beat, "heartbeat", "Heartbeat", 1), replace(beat, "57.", "057.", 1), replace(beat, "c4", "C4", 1), replace(beat, `}}`, `,"at":1534776454123}}`, 1),
			replace(beat, `"position":"57.00c4b7de",`, ``, 1),
		}},
		{"heartbeat without last", replace(beat, `"last":41,`, ``, 1), []string{firstSuccess}, nil},
		{"gap", gap, []string{firstSuccess}, []string{
			replace(gap, "exchange", "weather", 1), replace(gap, `"reason":"exchange",`, ``, 1), replace(gap, `"from":1534776400000,`, ``, 1),
			`{"gap":{"to":1534776420000,"from":1534776400000,"reason":"exchange","position":"57.00c4b7de"}}`,
			replace(gap, "from", "From", 1), replace(gap, `}}`, `,"uid":"x"}}`, 1), replace(gap, `"57.00c4b7de"`, `""`, 1),
			`{"gap":{"from":1,"to":2,"reason":"stream","position":""}}`,
		}},
		{"reconnect", draining, []string{firstSuccess}, []string{
			`{"reconnect":{}}`, `{"reconnect":{"after_ms":-1}}`, `{"reconnect":{"after_ms":1.0}}`, `{"reconnect":{"After_ms":1}}`, `{"reconnect":{"after_ms":1,"x":1}}`,
		}},
		{"token", token, []string{firstSuccess}, []string{
			`{"token":{}}`, `{"token":{"expires_in":0}}`, `{"token":{"expires_in":61}}`, `{"token":{"expires_In":60}}`, `{"token":{"expires_in":60},"x":{}}`, `{ "token":{"expires_in":60}}`,
		}},
		{"event", event, []string{firstSuccess}, []string{
			replace(event, `"prev":41,"at":1534776439123`, `"at":1534776439123,"prev":41`, 1), replace(event, `,"at"`, `,"At"`, 1),
			replace(event, `"at"`, ` "at"`, 1), replace(event, `3}`, `3,"new":1}`, 1), replace(event, `3}`, `3,"replay":false}`, 1), replace(event, "1b0a", "1B0A", 1),
		}},
	} {
		play := func(text string) int {
			trial := audit.NewTrial(1, 1)
			trial.Add(audit.SentEvent{Conn: 1, Tries: 1})
			trial.Connect(0)
			for _, text := range append(slices.Clone(c.before), text) {
				if text == "" {
					trial.Connect(0)
					continue
				}
				_, _ = trial.Message(0, text) // some variants end the socket; other tests cover that
			}
			count, _ := trial.Compare()
			return count[audit.Broken]
		}
		if got := play(c.text); got != 0 {
			t.Errorf("%s: %s: got %d broken, want 0", c.name, c.text, got)
		}
		for _, text := range c.bad {
			if got := play(text); got != 1 {
				t.Errorf("%s: %s: got %d broken, want 1", c.name, text, got)
			}
		}
	}
}
