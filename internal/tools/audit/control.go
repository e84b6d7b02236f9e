package audit

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"ranger/internal/event"
)

// control is a message other than an event. Exactly one field is set.
type control struct {
	Challenge *string    `json:"challenge"`
	Success   *success   `json:"success"`
	Error     *failure   `json:"error"`
	Heartbeat *heartbeat `json:"heartbeat"`
	Gap       *gap       `json:"gap"`
	Reconnect *reconnect `json:"reconnect"`
	Token     *expiring  `json:"token"`
}

// success is the answer to a valid token. Position and Resumed depend on the request.
type success struct {
	Message  string `json:"message"`
	Position string `json:"position"`
	Resumed  *bool  `json:"resumed"`
}

// failure is the answer to an invalid message.
type failure struct {
	Message string `json:"message"`
}

// heartbeat reports how far the node has read the stream, and the offset of the
// user's latest event.
type heartbeat struct {
	Last     *uint64 `json:"last"`
	Position string  `json:"position"`
	At       int64   `json:"at"` // Unix ms
}

// gap announces that events of an interval may be lost.
type gap struct {
	From     int64  `json:"from"` // Unix ms
	To       int64  `json:"to"`   // Unix ms
	Reason   string `json:"reason"`
	Position string `json:"position"`
}

// reconnect announces that the server is about to close the socket.
type reconnect struct {
	AfterMS int64 `json:"after_ms"`
}

// expiring announces that the token is about to expire.
type expiring struct {
	ExpiresIn int64 `json:"expires_in"` // seconds
}

// parseControl parses a message other than an event. A message that is not written
// exactly as the protocol prescribes is an error, returned with the values that
// could be read.
func parseControl(text []byte) (control, error) {
	var c control
	if err := json.Unmarshal(text, &c); err != nil || c == (control{}) {
		return control{}, fmt.Errorf("unknown kind of message: %.200q", text)
	}
	if want, ok := c.text(); !ok || want != string(text) {
		return c, fmt.Errorf("message is not in the protocol's exact form: %.200q", text)
	}
	return c, nil
}

// text returns the message as the protocol writes it. ok is false if a value is not
// allowed.
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
	default: // announced in the token's last minute
		left := c.Token.ExpiresIn
		return fmt.Sprintf(`{"token":{"expires_in":%d}}`, left), left > 0 && left <= 60
	}
}

func (s success) text() (text string, ok bool) {
	text, ok = `{"success":{"message":"Authenticated."`, true
	if s.Position != "" {
		_, err := parsePosition(s.Position)
		text, ok = text+`,"position":"`+s.Position+`"`, err == nil
	}
	if s.Resumed != nil {
		text += fmt.Sprintf(`,"resumed":%t`, *s.Resumed)
	}
	return text + "}}", ok
}

func (h heartbeat) text() (text string, ok bool) {
	_, err := parsePosition(h.Position)
	text = `{"heartbeat":{`
	if h.Last != nil {
		text += fmt.Sprintf(`"last":%d,`, *h.Last)
	}
	return text + fmt.Sprintf(`"position":%q,"at":%d}}`, h.Position, h.At), err == nil && h.At > 0
}

func (g gap) text() (text string, ok bool) {
	_, err := parsePosition(g.Position)
	known := slices.Contains(event.GapReasons(), event.GapReason(g.Reason))
	return fmt.Sprintf(`{"gap":{"from":%d,"to":%d,"reason":%q,"position":%q}}`, g.From, g.To, g.Reason, g.Position),
		err == nil && known && g.From >= 0
}
