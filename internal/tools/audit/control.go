package audit

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
)

// control is a message that is no event. One of its fields is set.
type control struct {
	Challenge *string    `json:"challenge"`
	Success   *success   `json:"success"`
	Error     *failure   `json:"error"`
	Heartbeat *heartbeat `json:"heartbeat"`
	Gap       *gap       `json:"gap"`
	Reconnect *reconnect `json:"reconnect"`
	Token     *expiring  `json:"token"`
}

// success is the answer to a good token. What it has beside the message depends
// on what was asked for.
type success struct {
	Message  string `json:"message"`
	Position string `json:"position"`
	Resumed  *bool  `json:"resumed"`
}

// failure is the answer to everything that was not good.
type failure struct {
	Message string `json:"message"`
}

// heartbeat says how far the stream was read, and the number of the user's
// latest event.
type heartbeat struct {
	Last     *uint64 `json:"last"`
	Position string  `json:"position"`
	At       int64   `json:"at"` // Unix ms
}

// gap announces that events of an interval, in Unix ms, may be lost.
type gap struct {
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Reason   string `json:"reason"`
	Position string `json:"position"`
}

// reconnect announces that the server will close the socket.
type reconnect struct {
	AfterMS int64 `json:"after_ms"`
}

// expiring announces that the token will expire.
type expiring struct {
	ExpiresIn int64 `json:"expires_in"`
}

// parseControl reads a message that is no event. One that is not written as the
// protocol does is an error; what can be read of it comes with that.
func parseControl(text []byte) (control, error) {
	var c control
	if err := json.Unmarshal(text, &c); err != nil || c == (control{}) {
		return control{}, fmt.Errorf("a message of no known kind: %.200q", text)
	}
	if want, ok := c.text(); !ok || want != string(text) {
		return c, fmt.Errorf("the message is not one of the protocol, to the byte: %.200q", text)
	}
	return c, nil
}

// text returns how the protocol writes the message. False: a value is none that
// it has.
func (c control) text() (text string, ok bool) {
	switch {
	case c.Challenge != nil:
		random, err := base64.RawURLEncoding.Strict().DecodeString(*c.Challenge)
		return `{"challenge":"` + *c.Challenge + `"}`, err == nil && len(random) == 40
	case c.Success != nil:
		return c.Success.text()
	case c.Error != nil:
		return `{"error":{"message":"` + c.Error.Message + `"}}`, slices.Contains([]string{
			"Authentication failed.", "Token type is not provided or invalid.", "Error while handling message.",
		}, c.Error.Message)
	case c.Heartbeat != nil:
		return c.Heartbeat.text()
	case c.Gap != nil:
		return c.Gap.text()
	case c.Reconnect != nil:
		return fmt.Sprintf(`{"reconnect":{"after_ms":%d}}`, c.Reconnect.AfterMS), c.Reconnect.AfterMS >= 0
	default: // it is told when a minute is left, or less
		left := c.Token.ExpiresIn
		return fmt.Sprintf(`{"token":{"expires_in":%d}}`, left), left > 0 && left <= 60
	}
}

func (s success) text() (text string, ok bool) {
	text, ok = `{"success":{"message":"Authenticated."`, true
	if s.Position != "" {
		_, err := parsePlace(s.Position)
		text, ok = text+`,"position":"`+s.Position+`"`, err == nil
	}
	if s.Resumed != nil {
		text += fmt.Sprintf(`,"resumed":%t`, *s.Resumed)
	}
	return text + "}}", ok
}

func (h heartbeat) text() (text string, ok bool) {
	_, err := parsePlace(h.Position)
	text = `{"heartbeat":{`
	if h.Last != nil {
		text += fmt.Sprintf(`"last":%d,`, *h.Last)
	}
	return text + fmt.Sprintf(`"position":%q,"at":%d}}`, h.Position, h.At), err == nil && h.At > 0
}

func (g gap) text() (text string, ok bool) {
	_, err := parsePlace(g.Position)
	known := slices.Contains([]string{"exchange", "binding", "stream", "overflow", "member"}, g.Reason)
	return fmt.Sprintf(`{"gap":{"from":%d,"to":%d,"reason":%q,"position":%q}}`, g.From, g.To, g.Reason, g.Position),
		err == nil && known && g.From >= 0
}
