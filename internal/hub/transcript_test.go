package hub_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/hub"
	"ranger/internal/journal"
)

// transcripts matches the transcripts in docs/protocol.md.
var transcripts = regexp.MustCompile("(?ms)^```transcript\n(.*?)^```$")

// The transcripts of docs/protocol.md are what is sent.
func TestTranscripts_OfTheDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	found := transcripts.FindAllSubmatch(page, -1)
	if len(found) < 4 {
		t.Fatalf("%d transcripts, want 4", len(found))
	}
	for i, m := range found {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			bubble(t, setup{hub: hub.Config{PingInterval: time.Hour}}, func(t *testing.T, s *server) {
				p := play{server: s, t: t}
				s.dial() // another client, which is drained first
				for line := range bytes.Lines(bytes.TrimSpace(m[1])) {
					p.line(strings.TrimSuffix(string(line), "\n"))
				}
				p.c.wantSilence()
			})
		})
	}
}

// play plays a transcript, on one socket after another.
type play struct {
	*server

	t *testing.T
	c *client
}

func (p *play) line(line string) {
	p.t.Log(line)
	mark, text, _ := strings.Cut(line, " ")
	switch {
	case mark == "*":
		p.meanwhile(text)
	case mark == ">" && strings.HasPrefix(text, "GET "):
		target, rest, _ := strings.Cut(strings.TrimPrefix(text, "GET "), ", Upgrade: websocket")
		header := strings.ReplaceAll(strings.TrimPrefix(rest, ", "), "…", "alice")
		if header == "" {
			header = "X-Nothing: 0"
		}
		p.c = p.dialAt(target, header)
	case mark == ">":
		p.c.say(strings.ReplaceAll(text, "…", "alice"))
	case text == `{"challenge":"…"}`: // taken when the socket was opened
	case strings.HasPrefix(text, "close "):
		var code uint16
		var reason string
		if _, err := fmt.Sscanf(text, "close %d %s", &code, &reason); err != nil {
			p.t.Fatal(err)
		}
		p.c.wantClose(code, reason)
	case mark == "<":
		form := strings.ReplaceAll(regexp.QuoteMeta(text), "…", "[0-9]+")
		start := time.Now()
		if got := p.c.read(); got.opcode != opText || !regexp.MustCompile("^"+form+"$").MatchString(got.payload) {
			p.t.Fatalf("got %s, want a line of the transcript", got.payload)
		}
		wantSince(p.t, start, 0)
	default:
		p.t.Fatalf("the transcript has an unknown line")
	}
}

// meanwhile does what a line that begins with * describes.
func (p *play) meanwhile(text string) {
	var seconds int
	if _, err := fmt.Sscanf(text, "%d seconds pass", &seconds); err == nil {
		pass(time.Duration(seconds) * time.Second)
		return
	}
	if text == "the server stops" {
		p.stop()
		return
	}
	word, body, _ := strings.Cut(text, " ")
	position, ok := journal.ParsePosition(word)
	if !ok {
		p.t.Fatal("the transcript has an unknown line")
	}
	m := journal.Message{Position: position, At: time.Now().UnixMilli()}
	switch {
	case strings.HasPrefix(body, `{"gap"`):
		m.Gap = []byte(body)
	case strings.HasPrefix(body, `{"trade"`):
		m.Events = []event.Event{{UID: "alice", Kind: event.Trade, Message: []byte(body)}}
	case body != "":
		m.Events = []event.Event{{UID: "alice", Kind: event.Order, Message: []byte(body)}}
	}
	if !p.window.Append(m) {
		p.t.Fatal("Append = false, want true")
	}
}

// stop drains the node. Sockets that connect afterwards connect to another node with the same
// stream.
func (p *play) stop() {
	p.drain(p.t, 8*time.Second)
	other := newServerOf(p.t, setup{}, p.window)
	pass(0)
	p.server = other
}
