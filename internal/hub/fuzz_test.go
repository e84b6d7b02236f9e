package hub_test

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/hub/hubtest"
	"ranger/internal/journal"
)

// wired is a ResponseWriter that can be hijacked.
type wired struct {
	http.ResponseWriter

	conn net.Conn
}

func (w wired) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}

// Whatever bytes follow the upgrade, nothing panics, every answer is one of the protocol, and
// the session ends with its connection.
func FuzzFrames(f *testing.F) {
	for _, seed := range hubtest.Messages() {
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

// optedInForm matches what only a client that opted in may be sent.
var optedInForm = regexp.MustCompile(`^\{"success":\{"message":"Authenticated\.","position":"0\.00000000"(,"resumed":false)?\}\}$` +
	`|^\{"trade":\{\},"position":"0\.00000000"(,"prev":0)?,"at":0(,"replay":true)?\}$` +
	`|^\{"heartbeat":\{("last":0,)?"position":"0\.00000000","at":[0-9]+\}\}$`)

// wantProtocol reads what a server sent: the response, the challenge, and then frames of the
// protocol, which are whole except for the last.
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
				t.Errorf("%v, then %q; want the end", err, rest)
			}
			return
		case f.opcode == opText && (slices.Contains(texts, f.payload) || optedInForm.MatchString(f.payload)):
		case f.opcode == opPong && len(f.payload) <= 125:
		case f.opcode == opClose && utf8.ValidString(f.payload[min(2, len(f.payload)):]):
			if rest, _ := io.ReadAll(in); len(rest) > 0 {
				t.Errorf("after the close frame came %q, want nothing", rest)
			}
			return
		default:
			t.Errorf("got %+v, want a frame of the protocol", f)
		}
	}
}
