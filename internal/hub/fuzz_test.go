package hub_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// messageSeeds are client messages that have felled servers, or might.
func messageSeeds() []string {
	deep := strings.Repeat("[", 8000) + strings.Repeat("]", 8000)
	seeds := []string{
		"", "ping", "pong", "{}", "[]", "null", "true", "0", `""`, `"jwt"`, "{", "\x00", "\ufeff{}",
		`{"jwt":"Bearer alice"`, `{"jwt":"Bearer alice",}`, `{"jwt":"Bearer alice"}{}`, `{"JWT":"Bearer alice"}`,
		`{"jwt":"Bearer alice","jwt":null}`, `{"jwt":null,"jwt":"Bearer alice"}`, `{"jwt":{},"jwt":[],"jwt":1}`,
		`{"jwt":"Bearer alice bob"}`, `{"jwt":"Bearer\talice"}`, `{"jwt":"Bearer  alice "}`, `{"jwt":"bearer alice"}`,
		`{"jwt":"Bearer \ud800"}`, `{"jwt":"Bearer \udc00\ud800x"}`, `{"\ud800":1}`, `{"jwt":"Bearer \x"}`, `{"jwt":"Bearer \u12"}`,
		`{"jwt":"Bearer \u0000"}`, `{"jwt":"Bearer \u00a0x"}`, `{"jwt":"Bearer \u2003"}`, `{"jwt":"Bearer a\u0085b"}`, "{\"jwt\":\"Bearer \xff\"}",
		`{"streams":null}`, `{"event":"subscribe","streams":null}`, `{"event":null}`, `{"resume":{},"markets":1,"jwt":"Bearer a"}`,
		deep, `{"jwt":` + deep + `}`, `{"x":` + deep + `,"jwt":"Bearer alice"}`, strings.Repeat(`{"jwt":`, 2000),
		`{"jwt":"Bearer ` + strings.Repeat("a", 16<<10) + `"}`, strings.Repeat(" ", 16<<10),
	}
	for _, value := range []string{"null", "true", "false", "0", "-0", "1e999", "1.5", "41.12345678", `""`, `"true"`, `"41.9f3c2a11"`, `"btcusd,ethusd"`, `"trade"`, `","`, "[]", "[null]", `["trade"]`, `[["trade"]]`, "{}", `{"resume":true}`} {
		for _, key := range []string{"resume", "markets", "events"} {
			seeds = append(seeds, `{"jwt":"Bearer alice","`+key+`":`+value+`}`, `{"`+key+`":`+value+`,"jwt":"Bearer alice","`+key+`":null}`)
		}
	}
	for _, value := range []string{"null", "true", "false", "0", "-0", "1e999", "1.5", `""`, `" "`, `"Bearer"`, `"Bearer "`, "[]", "[null]", "{}", `{"jwt":"Bearer a"}`} {
		seeds = append(seeds, `{"jwt":`+value+`}`, `{"jwt":"Bearer alice","jwt":`+value+`}`)
	}
	return seeds
}

// Whatever a client says, it is answered with one of four texts, or bears a
// token: then it is an object of JSON whose jwt is Bearer and that word, and its
// terms are what encoding/json makes of them.
func FuzzClientMessage(f *testing.F) {
	for _, seed := range messageSeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		token, answer := hub.ParseMessage(text)
		switch answer {
		case badMessage:
			if object, ok := jsonObject(text); ok && wantTerms(object) != nil {
				t.Error("an object was not understood")
			}
		case "pong":
			if string(text) != "ping" {
				t.Error("pong without a ping")
			}
		case noBearer:
			wantBearer(t, text, token)
		case "":
			wantBearer(t, text, token)
			object, _ := jsonObject(text)
			got := hub.ParseTerms(text)
			if diff := cmp.Diff(wantTerms(object), &got); diff != "" {
				t.Errorf("terms (-want +got):\n%s", diff)
			}
		default:
			t.Errorf("answered %q", answer)
		}
		if (token == "") == (answer == "") {
			t.Errorf("token %q and answer %q", token, answer)
		}
	})
}

// jsonObject returns the object that a text is to encoding/json.
func jsonObject(text []byte) (object map[string]any, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&object)
	return object, err == nil && object != nil && json.Valid(text)
}

// positionForm is that of a position, of up to 2^53 and a little more.
var positionForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})\.[0-9a-f]{8}$`)

// wantTerms returns the terms of an object, nil where they are malformed.
func wantTerms(object map[string]any) *hub.Terms {
	var t hub.Terms
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

// count returns how many names a list has, copies included.
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

// wantList returns a list without copies, in order.
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

// wantBearer compares the token with what encoding/json makes of the message.
func wantBearer(t *testing.T, text []byte, token string) {
	object, ok := jsonObject(text)
	if !ok {
		t.Error("not an object of JSON")
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

// wired is a ResponseWriter whose connection can be taken over.
type wired struct {
	http.ResponseWriter

	conn net.Conn
}

func (w wired) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}

// Whatever bytes follow the upgrade, nothing panics, every answer is one of the
// protocol's, and the session ends with its connection.
func FuzzFrames(f *testing.F) {
	for _, seed := range messageSeeds() {
		f.Add(masked(final|opText, seed))
		f.Add(masked(final|opBinary, seed))
	}
	for first := range 256 {
		f.Add(masked(byte(first), "ping"))
	}
	f.Add([]byte{})
	f.Add([]byte{final | opText})
	f.Add([]byte{final | opText, 4, 'p', 'i', 'n', 'g'})
	f.Add([]byte{final | opText, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
	f.Add(slices.Concat(masked(opText, `{"jwt":`), masked(final|opPing, "x"), masked(final, `"Bearer alice"}`), masked(final|opText, bearer("bob"))))
	f.Add(bytes.Repeat(masked(final|opText, bearer("bad")), 6))
	f.Add(bytes.Repeat(masked(final|opPing, strings.Repeat("x", 125)), 20))
	f.Add(slices.Concat(masked(final|opClose, closing(1000, "")), masked(final|opText, "ping")))
	f.Add(slices.Concat(masked(final|opText, bearer("panic")), masked(final|opText, "ping")))
	f.Fuzz(func(t *testing.T, data []byte) {
		j := journal.New(journal.Config{})
		h := hub.New(hub.Config{}, j, verifyFunc(readToken), &counters{}, slog.New(slog.DiscardHandler))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header = http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
		client, server := net.Pipe()
		h.ServeHTTP(wired{httptest.NewRecorder(), server}, r)
		said := make(chan []byte)
		go func() {
			b, _ := io.ReadAll(client)
			said <- b
		}()
		_, _ = client.Write(data)
		j.Append(journal.Message{Events: []event.Event{{UID: "alice", Kind: event.Trade, Message: []byte(`{"trade":{}}`)}}})
		_ = client.Close()
		h.Wait()
		wantProtocol(t, <-said)
	})
}

// optedInForm is that of what a client that opted in may be sent beside.
var optedInForm = regexp.MustCompile(`^\{"success":\{"message":"Authenticated\.","position":"0\.00000000"(,"resumed":false)?\}\}$` +
	`|^\{"trade":\{\},"position":"0\.00000000"(,"prev":0)?,"at":0(,"replay":true)?\}$` +
	`|^\{"heartbeat":\{("last":0,)?"position":"0\.00000000","at":[0-9]+\}\}$`)

// wantProtocol reads what a server said: the response, the challenge, and then
// whole frames of the protocol, but for the last.
func wantProtocol(t *testing.T, said []byte) {
	in := bufio.NewReader(bytes.NewReader(said))
	if response, err := http.ReadResponse(in, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols { //nolint:bodyclose // an upgrade has none
		return // the client left first
	}
	if f, err := readFrame(in); err != nil || !challengeForm.MatchString(f.payload) {
		t.Errorf("got %+v, %v; want a challenge", f, err)
	}
	texts := []string{authenticated, refused, noBearer, badMessage, "pong", `{"trade":{}}`, resumed}
	for {
		f, err := readFrame(in)
		switch {
		case err != nil:
			if rest, _ := io.ReadAll(in); len(rest) > 0 {
				t.Errorf("%v, and then %q", err, rest)
			}
			return
		case f.opcode == opText && (slices.Contains(texts, f.payload) || optedInForm.MatchString(f.payload)):
		case f.opcode == opPong && len(f.payload) <= 125:
		case f.opcode == opClose && utf8.ValidString(f.payload[min(2, len(f.payload)):]):
			if rest, _ := io.ReadAll(in); len(rest) > 0 {
				t.Errorf("after the close frame came %q", rest)
			}
			return
		default:
			t.Errorf("got %+v", f)
		}
	}
}
