package params

import (
	"bytes"
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

// addJSON adds the members of the JSON object in body.
func (rd *reader) addJSON(body []byte) error {
	wrong := &Error{http.StatusBadRequest, BadJSON, "body", "is not a JSON object"}
	if !rd.lenient && !utf8.Valid(body) || !json.Valid(body) {
		return wrong
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return wrong
	}
	for decoder.More() {
		token, err := decoder.Token()
		name, isName := token.(string)
		var raw json.RawMessage
		if err != nil || !isName || decoder.Decode(&raw) != nil {
			return wrong
		}
		if err := rd.add("body", name, valueOf(raw)); err != nil {
			return err
		}
	}
	return nil
}

// valueOf converts valid JSON to a value.
func valueOf(raw json.RawMessage) Value {
	switch raw[0] {
	case 'n':
		return Value{}
	case 't', 'f':
		return Value{Bool, string(raw)}
	case '[':
		return Value{Array, string(raw)}
	case '{':
		return Value{Object, string(raw)}
	case '"':
		var text string
		_ = json.Unmarshal(raw, &text) // it is valid
		return Value{String, text}
	default:
		return Value{Number, string(raw)}
	}
}
