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
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

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
	for _, value := range []string{"null", "true", "false", "0", "-0", "1e999", "1.5", `""`, `" "`, `"Bearer"`, `"Bearer "`, "[]", "[null]", "{}", `{"jwt":"Bearer a"}`} {
		seeds = append(seeds, `{"jwt":`+value+`}`, `{"jwt":"Bearer alice","jwt":`+value+`}`)
	}
	return seeds
}

// Whatever a client says, it is answered with one of four texts, or bears a
// token: then it is an object of JSON whose jwt is Bearer and that word.
func FuzzClientMessage(f *testing.F) {
	for _, seed := range messageSeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		token, answer := hub.ParseMessage(text)
		switch answer {
		case badMessage:
			var object map[string]json.RawMessage
			if json.Unmarshal(text, &object) == nil && object != nil {
				t.Error("an object was not understood")
			}
		case "pong":
			if string(text) != "ping" {
				t.Error("pong without a ping")
			}
		case noBearer, "":
			wantBearer(t, text, token)
		default:
			t.Errorf("answered %q", answer)
		}
		if (token == "") == (answer == "") {
			t.Errorf("token %q and answer %q", token, answer)
		}
	})
}

// wantBearer compares the token with what encoding/json makes of the message.
func wantBearer(t *testing.T, text []byte, token string) {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil || !json.Valid(text) {
		t.Errorf("not JSON: %v", err)
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
		j.Append(journal.Message{Events: []event.Event{{UID: "alice", Message: []byte("event")}}})
		_ = client.Close()
		h.Wait()
		wantProtocol(t, <-said)
	})
}

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
	texts := []string{authenticated, refused, noBearer, badMessage, "pong", "event"}
	for {
		f, err := readFrame(in)
		switch {
		case err != nil:
			if rest, _ := io.ReadAll(in); len(rest) > 0 {
				t.Errorf("%v, and then %q", err, rest)
			}
			return
		case f.opcode == opText && slices.Contains(texts, f.payload):
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
