package event_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"ranger/internal/event"
)

var (
	refEscape  = regexp.MustCompile(`^\\(u[0-9a-fA-F]{4}|.)`)
	refHigh    = regexp.MustCompile(`^\\u[dD][89abAB]..`)
	refLow     = regexp.MustCompile(`^\\u[dD][c-fC-F]..`)
	refNumber  = regexp.MustCompile(`^-?[0-9]`)
	refInteger = regexp.MustCompile(`^-?[0-9]+$`)
	refDigits  = regexp.MustCompile(`^[0-9]+$`)
)

// refLone reports whether a JSON string has an unpaired surrogate.
func refLone(text string) bool {
	for text != "" {
		n := 1
		switch escape := refEscape.FindString(text); {
		case refHigh.MatchString(text) && refLow.MatchString(text[6:]):
			n = 12
		case refHigh.MatchString(text), refLow.MatchString(text):
			return true
		case escape != "":
			n = len(escape)
		}
		text = text[n:]
	}
	return false
}

// refString returns the text of a header or a JSON string. It reports false if the
// value is neither.
func refString(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		var s string
		if v[0] != '"' || refLone(string(v)) {
			return "", false
		}
		if err := json.Unmarshal(v, &s); err != nil {
			panic(err)
		}
		return s, true
	}
	return "", false
}

// refOwner is the owner that one place names, or the reason why there is none, or that
// the place is invalid. It includes a member id that the directory does not know.
func refOwner(members directory, v any, isID bool, fault event.Reason) (event.UID, event.Reason, string) {
	resolve := func(id string) (event.UID, event.Reason, string) {
		if uid := string(members[id]); refIsUID(uid) {
			return event.UID(uid), "", ""
		}
		return "", event.UnknownMember, id
	}
	switch v := v.(type) {
	case nil:
		return "", "", ""
	case int8, uint8, int16, uint16, int32, uint32, int64, uint64, int:
		if isID {
			return resolve(fmt.Sprint(v))
		}
		return "", fault, ""
	case []byte:
		if v == nil || string(v) == "null" {
			return "", "", ""
		}
		if isID && refNumber.Match(v) {
			if !refInteger.Match(v) {
				return "", fault, ""
			}
			n, _ := new(big.Int).SetString(string(v), 10)
			return resolve(n.String())
		}
	}
	s, ok := refString(v)
	switch {
	case !ok:
		return "", fault, ""
	case strings.TrimSpace(s) == "":
		return "", "", ""
	case isID && refDigits.MatchString(s):
		return resolve(s)
	case isID, !refIsUID(s):
		return "", fault, ""
	}
	return event.UID(s), "", ""
}

func refIsUID(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= event.MaxUID && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// refSearch searches for one recipient.
func refSearch(members directory, h headers, body, own refObject, uidKey, idKey string) (event.UID, event.Reason, string) {
	header := func(key string) any {
		if bytes, ok := h[key].([]byte); ok {
			return struct{ b []byte }{bytes} // a byte array is not text
		}
		return h[key]
	}
	for _, place := range []struct {
		value any
		isID  bool
		fault event.Reason
	}{
		{header(uidKey), false, event.BadHeader},
		{header(idKey), true, event.BadHeader},
		{body.value(uidKey), false, event.BadField},
		{body.value(idKey), true, event.BadField},
		{own.value("member_uid"), false, event.BadField},
		{own.value("member_id"), true, event.BadField},
	} {
		if uid, reason, id := refOwner(members, place.value, place.isID, place.fault); uid != "" || reason != "" {
			return uid, reason, id
		}
	}
	return "", event.NoOwner, ""
}
