package protocol_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/hub/hubtest"
	"ranger/internal/hub/internal/protocol"
)

// Every message is answered with one of four replies, or has a token: then it is a JSON
// object with a jwt of `Bearer` and that word, and its options are those that
// encoding/json reads.
func FuzzClientMessage(f *testing.F) {
	for _, seed := range hubtest.Messages() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := protocol.Parse(text)
		switch got.Reply {
		case protocol.BadMessage:
			if object, ok := jsonObject(text); ok && wantOptions(object) != nil {
				t.Errorf("Parse(%q) = %+v, want its token", text, got)
			}
		case "pong":
			if string(text) != "ping" {
				t.Errorf("the reply to %q is pong", text)
			}
		case protocol.NoBearer:
			wantBearer(t, text, got.Token)
		case "":
			wantBearer(t, text, got.Token)
			object, _ := jsonObject(text)
			if diff := cmp.Diff(wantOptions(object), show(got.Options)); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		default:
			t.Errorf("the reply to %q is %q, want one of the protocol", text, got.Reply)
		}
		if (got.Token == "") == (got.Reply == "") {
			t.Errorf("Parse(%q) has token %q and reply %q, want one of them", text, got.Token, got.Reply)
		}
	})
}

// jsonObject returns the JSON object that a text is, as encoding/json reads it.
func jsonObject(text []byte) (object map[string]any, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&object)
	return object, err == nil && object != nil && json.Valid(text)
}

// positionForm matches positions up to 2^53 and a little more.
var positionForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})\.[0-9a-f]{8}$`)

// wantOptions returns the options of an object, nil if they are malformed.
func wantOptions(object map[string]any) *options {
	var t options
	switch v := object["resume"].(type) {
	case nil:
	case bool:
		t.Resume = v
	case string:
		number, _, _ := strings.Cut(v, ".")
		if n, _ := strconv.ParseUint(number, 10, 64); !positionForm.MatchString(v) || n >= 1<<53 {
			return nil
		}
		t.Resume, t.After = true, v
	default:
		return nil
	}
	markets, ok := wantList(object["markets"])
	events, ok2 := wantList(object["events"])
	for _, e := range events {
		ok2 = ok2 && (e == "trade" || e == "orderbook")
	}
	tooLong := func(name string) bool { return len(name) > 64 }
	if !ok || !ok2 || count(object["markets"]) > 100 || slices.ContainsFunc(markets, tooLong) {
		return nil
	}
	t.Markets, t.Events = markets, events
	return &t
}

// count returns the number of names of a list, duplicates included.
func count(value any) int {
	switch v := value.(type) {
	case string:
		return 1 + strings.Count(v, ",")
	case []any:
		return len(v)
	default:
		return 0
	}
}

// wantList returns a list without duplicates, in order.
func wantList(value any) (list []string, ok bool) {
	switch v := value.(type) {
	case nil:
		return nil, true
	case string:
		list = strings.Split(v, ",")
	case []any:
		for _, item := range v {
			s, _ := item.(string)
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), len(list) > 0 && !slices.Contains(list, "")
}

// wantBearer compares the token with the one that encoding/json reads.
func wantBearer(t *testing.T, text []byte, token string) {
	object, ok := jsonObject(text)
	if !ok {
		t.Errorf("%q is no JSON object, but was read as one", text)
	}
	value, _ := object["jwt"].(string)
	word := strings.TrimLeft(strings.TrimPrefix(value, "Bearer "), " ")
	if !strings.HasPrefix(value, "Bearer ") || strings.ContainsFunc(word, unicode.IsSpace) {
		word = ""
	}
	if token != word {
		t.Errorf("token %q, want %q", token, word)
	}
}
